import { inLanguage, type Lang, type Said } from '../../schemas/words.ts'
import { count } from './amount.ts'
import { type LedgerFinding, openOf, type PoolRound } from './ledger.ts'

export type { Lang }

/** What a row of the ledger lacks, by finding. */
const byFinding = (words: Readonly<Record<LedgerFinding, ((row: PoolRound) => string)[]>>) => words

/** Words of the report: English, Chinese. */
const BOTH = {
  title: ['After the show', '活动报告'],
  verdict: [
    (missed: number, judged: number, incidents: number, cost: string) =>
      `${missed === 0 ? `All ${judged} objectives that were measured were met` : `${missed} of ${judged} objectives were missed`}; ${incidents === 0 ? 'nothing broke' : `${incidents} incident${incidents === 1 ? '' : 's'} cost ${cost} viewer-minutes`}.`,
    (missed: number, judged: number, incidents: number, cost: string) =>
      `${missed === 0 ? `测得的 ${judged} 项目标全部达标` : `${judged} 项目标中 ${missed} 项未达标`}；${incidents === 0 ? '没有故障' : `${incidents} 次故障，代价 ${cost} 观众·分钟`}。`,
  ],
  audience: ['Audience', '观众'],
  viewers: ['viewers', '观众'],
  sessions: ['sessions', '播放次数'],
  hours: ['hours watched', '观看小时'],
  peak: ['at the peak', '峰值同时观看'],
  watching: ['Watching at once', '同时观看'],
  stall_ratio: ['Stall ratio', '卡顿率'],
  experience: ['Experience, one number and its parts', '体验分及其分项'],
  score: ['Experience score', '体验分'],
  part: ['Part', '分项'],
  points: ['Points', '得分'],
  weight: ['Weight', '权重'],
  takesOff: ['Takes off', '扣分'],
  lowest: ['Lowest', '最低'],
  quality: ['Quality against objectives', '质量与目标'],
  metric: ['Metric', '指标'],
  value: ['Value', '实际'],
  objective: ['Objective', '目标'],
  minutesMet: ['Minutes that met it', '达标分钟'],
  met: ['met', '达标'],
  missed: ['missed', '未达标'],
  notMeasured: ['not measured', '无数据'],
  clock: ['Clock', '时钟'],
  incidents: ['Incidents and what they cost', '故障及其代价'],
  noIncidents: ['No incident.', '没有故障。'],
  began: ['Began', '开始'],
  what: ['What', '现象'],
  where: ['Where', '环节'],
  found: ['Found after', '发现用时'],
  lasted: ['Lasted', '持续'],
  affected: ['Viewers affected', '受影响观众'],
  cost: ['Viewer-minutes', '观众·分钟'],
  inAll: ['In all', '合计'],
  stillOpen: ['still open', '尚未结束'],
  changes: ['What was changed', '变更'],
  when: ['When', '时间'],
  followedBy: ['Followed by', '随后发生'],
  after: [(time: string) => `${time} later`, (time: string) => `${time} 后`],
  nothingFollowed: ['nothing within a quarter of an hour', '一刻钟内无故障'],
  plan: ['The contingency plan', '应急预案'],
  planScore: [
    (done: string, checks: string, held: string, over: string, led: string) =>
      `${done} of ${checks} checks were done in time. A level ended ${held} of ${over} incidents within its time; in ${led} a later level led on.`,
    (done: string, checks: string, held: string, over: string, led: string) =>
      `开播前检查按时完成 ${done}/${checks}。已结束的故障中 ${held}/${over} 由某一级在规定时间内解决；其中 ${led} 次由下一级接手。`,
  ],
  check: ['Check before the show', '开播前检查'],
  at: ['Done at', '完成于'],
  due: ['Due', '期限'],
  who: ['By', '执行'],
  checkStates: {
    open: ['not yet', '未到期'],
    done: ['✓ done', '✓ 完成'],
    late: ['too late', '逾期'],
    failed: ['✗ failed', '✗ 未通过'],
    missed: ['✗ not done', '✗ 未做'],
  },
  stepStates: {
    waiting: ['not reached', '未到'],
    acting: ['acts', '执行中'],
    done: ['✓ done', '✓ 完成'],
    failed: ['✗ failed', '✗ 未奏效'],
    spared: ['not needed', '无需'],
  },
  levels: {
    automatic: ['Automatic', '自动'],
    standby: ['Standby', '热备'],
    manual: ['By hand', '人工'],
  },
  tookOf: [
    (took: string, within: string) => `after ${took} of ${within}`,
    (took: string, within: string) => `用时 ${took}，限 ${within}`,
  ],
  observed: ['seen by the pipeline', '系统观测到'],
  planHeld: ['✓ held', '✓ 有效'],
  planBroke: ['✗ no level ended it in time', '✗ 无一级按时解决'],
  ordersLost: ['Orders lost', '损失订单'],
  ordersMethod: [
    'Orders lost: the show’s own rate in the ten minutes before and after the incident, of steps of ten seconds in which no incident cost viewers anything, less what was sold meanwhile; in brackets the 95 % interval. An interval that holds 0 says that nothing is known to be lost. “In all” counts each step once.',
    '损失订单：取故障前后各十分钟内、没有影响观众的故障的时段（每十秒一段）的订单速率，减去故障期间实际订单；括号内为 95 % 区间。区间含 0 表示看不出损失。“合计”对每一时段只计一次。',
  ],
  ledger: ['Rewards and orders', '奖励与订单'],
  pool: ['Pool', '奖池'],
  high: ['high value', '高价值'],
  low: ['low value', '低价值'],
  budget: ['Budget', '预算'],
  issued: ['Issued', '发放'],
  claimed: ['Claimed', '领取'],
  expired: ['Expired', '过期'],
  returned: ['Returned', '退回'],
  finding: ['Reconciliation', '对账'],
  reconciled: ['balanced', '已平'],
  moreRows: [(count: number) => `${count} more`, (count: number) => `还有 ${count} 行`],
  findings: byFinding({
    double_grant: [
      ({ doubled, doubled_amount }) => `${count(doubled)} issued twice (${count(doubled_amount)})`,
      ({ doubled, doubled_amount }) => `${count(doubled)} 笔重复发放（${count(doubled_amount)}）`,
    ],
    over_issue: [
      ({ issued, returned, budget }) => `${count(issued - returned - budget)} more than the budget`,
      ({ issued, returned, budget }) => `超发 ${count(issued - returned - budget)}`,
    ],
    over_claim: [
      ({ issued, claimed }) => `${count(claimed - issued)} claimed and never issued`,
      ({ issued, claimed }) => `未发先领 ${count(claimed - issued)}`,
    ],
    unbalanced: [
      (row) => `${count(openOf(row))} neither claimed nor expired nor returned`,
      (row) => `${count(openOf(row))} 未领取、未过期、未退回`,
    ],
    undistributed: [
      ({ issued, returned, budget }) => `${count(budget - issued + returned)} not distributed`,
      ({ issued, returned, budget }) => `${count(budget - issued + returned)} 未发完`,
    ],
  }),
  sold: [
    (orders: string, sales: string, peak: string, rounds: string) =>
      `${orders} orders for ${sales} in ${rounds} rounds; at most ${peak} in ten seconds.`,
    (orders: string, sales: string, peak: string, rounds: string) =>
      `${rounds} 轮共 ${orders} 单，成交 ${sales}；最高十秒 ${peak} 单。`,
  ],
  rounds: ['Rounds', '互动轮次'],
  round: ['Round', '轮次'],
  tookPart: ['Took part', '参与'],
  rate: ['Interaction rate', '互动率'],
  shownByRound: ['When each app showed each round', '各轮何时出现在各端'],
  firstShown: ['First app', '最早端'],
  spread: ['Spread', '相差'],
  lastApp: ['Last app', '最晚端'],
  why: ['Why', '原因'],
  waits: ['To be together each waits', '若要同时，各端需等待'],
  page: ['its page showed it after its frame', '页面晚于画面'],
  picture: ['its picture is behind', '画面落后'],
  clocks: ['within the error of the clocks', '时钟误差内'],
  interactions: ['Interactions', '互动数'],
  success: ['Arrived', '成功率'],
  roundTrip: ['Round trip', '往返'],
  fairness: ['Fairness between apps', '各端公平性'],
  app: ['App', '应用'],
  latency: ['Live latency', '端到端延迟'],
  behind: ['Behind the first', '落后最快端'],
  bandwidth: ['Bandwidth', '带宽'],
  codec: ['Codec', '编码'],
  delivered: ['Delivered', '下发'],
  wouldBe: ['As H.264', '若用 H.264'],
  saved: ['Saved', '节省'],
  byPeers: ['from peers', '来自 P2P'],
  savedInAll: ['saved by codecs', '编码节省'],
  worst: ['For whom it stalled most', '谁卡得最多'],
  stalledMinutes: ['Minutes stalled', '卡顿分钟'],
  minutes: ['Minutes watched', '观看分钟'],
  better: ['What to do better', '下次怎样更好'],
  nothing: [
    'Every objective that was measured was met, and nothing broke.',
    '所有测得的指标均达标，且没有故障。',
  ],
  verdictHead: ['Verdict', '结论'],
  streams: [(n: number) => `${n} streams`, (n: number) => `${n} 个流`],
  times: [
    (zone: string) =>
      `Times are in ${zone}. A viewer-minute is one viewer struck for one minute, added up over the incident. People are counted once (within 1 %); percentiles are within 2 %. Clock of reports: event_time, the session’s, corrected; where a rollup keeps only the collector’s clock the table says so.`,
    (zone: string) =>
      `时间为 ${zone}。观众·分钟为受影响观众按分钟累加。人数去重（误差 1% 内），分位数误差 2% 内。报告按 event_time（校正后的会话时钟）统计；只有采集器时钟的指标在表中注明。`,
  ],
  cdn: ['CDN', 'CDN'],
  isp: ['Network operator', '运营商'],
  region: ['Region', '地区'],
}

/** The report's words in one language. */
export type Words = Said<typeof BOTH>

export const WORDS: Readonly<Record<Lang, Words>> = { en: inLanguage(BOTH, 'en'), zh: inLanguage(BOTH, 'zh') }
