import type { Mark } from '../../schemas/mark.ts'
import type { StepState } from '../../schemas/planWalk.ts'
import type { CheckState } from '../../schemas/showPlan.ts'
import { DIMENSION_NAMES, HOP_NAMES, type Lang, type Term } from '../../schemas/words.ts'
import type { Health } from '../api.ts'

/** Words by name, English and Chinese. */
const named = <K extends string>(names: Readonly<Record<K, string[]>>) => names

const viewersEn = (n: string): string => `${n} ${n === '1' ? 'viewer' : 'viewers'}`

/** Everything that the page says: English, Chinese. */
const BOTH = {
  hops: HOP_NAMES,
  health: named<Health | 'unknown'>({
    well: ['well', '正常'],
    strained: ['over objective', '未达目标'],
    affected: ['feels it', '受影响'],
    sick: ['breaks here', '故障在此'],
    silent: ['no report', '无上报'],
    absent: ['not connected', '未接入'],
    unknown: ['unknown', '未知'],
  }),
  phases: named<string>({
    dns_ms: ['DNS', 'DNS'],
    tcp_ms: ['TCP', 'TCP'],
    tls_ms: ['TLS', 'TLS'],
    handshake_ms: ['Handshake', '握手'],
    manifest_ms: ['Manifest', '播放列表'],
    first_byte_ms: ['First byte', '首字节'],
    licence_ms: ['Licence', '许可证'],
    demux_ms: ['Demux', '解封装'],
    decode_ms: ['Decode', '解码'],
    render_ms: ['Render', '渲染'],
  }),
  live: ['Live', '实时'],
  past: ['Past', '历史'],
  back_to_live: ['Back to live', '回到现在'],
  watching: ['watching', '人在看'],
  shows: ['Shows', '直播列表'],
  show: ['Show', '直播'],
  all_shows: ['All shows', '全部直播'],
  stream: ['Stream', '流'],
  streams: ['Streams', '流'],
  app: ['App', '应用'],
  the_link: ['The link', '全链路'],
  timeline_clock: [
    (zone: string) => `by the time reports were received, ${zone} · drag to zoom, ⇧ drag to move`,
    (zone: string) => `按上报接收时间，${zone} · 拖动放大，⇧ 拖动平移`,
  ],
  first_screen: ['First screen', '首屏时间'],
  starts: [
    (n: string) => `${n} ${n === '1' ? 'start' : 'starts'}, last minute`,
    (n: string) => `最近一分钟 ${n} 次起播`,
  ],
  heat: ['Stall ratio by operator and CDN', '卡顿率：运营商 × CDN'],
  last_minute: ['last minute', '最近一分钟'],
  fairness: ['Fairness between apps', '各端公平性'],
  latency: ['Live latency', '端到端延迟'],
  behind: ['Behind the first', '落后最快端'],
  first: ['first', '最快'],
  rounds: ['Rounds', '互动轮次'],
  changes: ['Changes', '变更'],
  changed_before: ['Changed before it began', '开始之前的变更'],
  round: ['Round', '轮次'],
  took_part: ['Interactions', '互动数'],
  arrived: ['Arrived', '成功率'],
  on_screen: ['Trigger to screen', '触达时延'],
  operator: ['Operator', '运营商'],
  incidents: [
    (n: number) => (n === 0 ? 'no incident' : n === 1 ? '1 incident' : `${n} incidents`),
    (n: number) => (n === 0 ? '无故障' : `${n} 个故障`),
  ],
  incident: ['Incident', '故障'],
  viewers: [viewersEn, (n: string) => `${n} 名观众`],
  since: [(t: string) => `since ${t}`, (t: string) => `自 ${t} 起`],
  found: [(t: string) => `found ${t}`, (t: string) => `${t} 发现`],
  over: [(t: string) => `over at ${t}`, (t: string) => `${t} 恢复`],
  explains: [
    (p: string, what: string, s: string) => `${p} of ${what} are here, confidence ${s}`,
    (p: string, what: string, s: string) => `${p} 的${what}在此处，置信度 ${s}`,
  ],
  excess: {
    stalls: ['the extra stalls', '新增卡顿'],
    failures: ['the extra failures', '新增失败'],
    delay: ['the extra delays', '新增延迟'],
    change: ['the changes', '变化'],
  },
  clean: [(h: string) => `ruled out: ${h}`, (h: string) => `已排除：${h}`],
  runbook: ['Runbook', '处置手册'],
  sessions: ['Affected sessions', '受影响的会话'],
  sessions_of: [(place: string) => `Sessions of ${place}`, (place: string) => `${place} 的会话`],
  evidence: ['Evidence', '证据'],
  open: ['Open', '进行中'],
  resolved: ['Resolved', '已恢复'],
  symptoms: ['What was seen', '观察到的现象'],
  where: ['Where', '位置'],
  now: ['When opened', '发现时'],
  at_worst: ['At its worst', '最差时'],
  before: ['Before', '此前'],
  onset: ['Began', '开始'],
  metric: ['Metric', '指标'],
  evidence_axis: ['As the watcher saw it, second by second', '告警时逐秒证据'],
  session: ['Session', '会话'],
  stalled: ['stalled', '卡顿时长'],
  stalls: ['Stalls', '卡顿次数'],
  bitrate: ['Bitrate', '码率'],
  buffer: ['Buffer', '缓冲'],
  link_under: ['The link in the same time', '同一时间的链路'],
  viewer_timeline: ['What this viewer saw', '这位观众看到的'],
  played: ['played', '播放'],
  paused: ['paused', '暂停'],
  touched: ['interaction', '互动'],
  none_affected: ['No session fits.', '没有符合的会话。'],
  everywhere: ['everywhere', '全部'],
  complete: [
    (p: string) => `${p} of reports came: numbers are incomplete`,
    (p: string) => `仅收到 ${p} 的上报：数字不完整`,
  ],
  stale: [
    (d: string, t: string) => `Nothing has come for ${d}. What you see is as of ${t}.`,
    (d: string, t: string) => `已有 ${d} 没有新数据。以下为 ${t} 的情况。`,
  ],
  lost: [
    (d: string) => `Firstframe does not answer (${d}). Nothing below is current; trying again.`,
    (d: string) => `Firstframe 没有响应（${d}）。以下不是当前情况，正在重连。`,
  ],
  store_away: [
    (d: string) => `The console answers, its store does not (${d}). Nothing below is current; trying again.`,
    (d: string) => `控制台有响应，但存储没有（${d}）。以下不是当前情况，正在重试。`,
  ],
  stuck: [
    'The console answers but sends nothing new. Nothing below is current; trying again.',
    '控制台有响应，但没有发来新数据。以下不是当前情况，正在重试。',
  ],
  as_of: [(t: string) => `As of ${t}.`, (t: string) => `截至 ${t}。`],
  as_of_short: [(t: string) => `as of ${t}`, (t: string) => `截至 ${t}`],
  loading: ['Loading', '加载中'],
  loading_at: [(t: string) => `Loading ${t} …`, (t: string) => `正在加载 ${t} …`],
  slow_past: [
    (t: string) => `${t} has not come yet: the store is slow. What is below is older.`,
    (t: string) => `${t} 尚未返回：存储响应缓慢。以下内容更早。`,
  ],
  slow_part: ['No answer yet: the store is slow. Trying again.', '尚未返回：存储响应缓慢，正在重试。'],
  whole_show: ['whole show', '整场直播'],
  unnamed: ['(no name)', '（未命名）'],
  set_apart: [
    (n: string) =>
      `${n} ${n === '1' ? 'session is' : 'sessions are'} set apart: they cannot be believed, and no number counts them.`,
    (n: string) => `${n} 个会话不可信，已隔离：任何数字都不计入。`,
  ],
  opening: [
    (d: string) => `Waiting for Firstframe's first answer (${d}).`,
    (d: string) => `正在等待 Firstframe 的首次响应（${d}）。`,
  ],
  past_banner: [(t: string) => `You are looking at ${t}.`, (t: string) => `正在查看 ${t}。`],
  no_past: ['No data at this time.', '这一时刻没有数据。'],
  not_found: ['There is nothing at this address.', '这个地址没有内容。'],
  empty_title: ['Waiting for the first report', '等待第一条上报'],
  empty_text: [
    'Put this into the page that plays your stream. It shows up here within seconds.',
    '把下面的代码放进播放页面，几秒内就会出现在这里。',
  ],
  empty_curl: ['Or try it from a terminal:', '或者在终端里试一下：'],
  keys: [
    '← → step through time, ⇧ by a minute · L live · J next incident · ⌘K search · Esc up · W wall · T light or dark · Z 中文',
    '← → 回看，⇧ 一分钟 · L 实时 · J 下一个故障 · ⌘K 搜索 · Esc 上一级 · W 大屏 · T 明暗 · Z English',
  ],
  theme: ['Light or dark', '明暗切换'],
  of_n: [(n: string) => `n = ${n}`, (n: string) => `n = ${n}`],
  skip: ['Skip to content', '跳到正文'],
  watching_title: ['Watching now', '同时观看'],
  no_data: ['no data', '无数据'],
  others: [(v: string) => `others ${v}`, (v: string) => `其余 ${v}`],
  todo: ['What to do', '怎么处置'],
  act: ['To do', '处置'],
  acts: named<'manual' | 'standby' | 'automatic'>({
    manual: ['By hand', '人工'],
    standby: ['Stands by', '备用'],
    automatic: ['By itself', '自动'],
  }),
  steps: named<StepState>({
    waiting: ['Waits', '等待'],
    acting: ['Acts now', '执行中'],
    done: ['Done', '已完成'],
    failed: ['Failed', '未奏效'],
    spared: ['Not needed', '无需执行'],
  }),
  plan: ['Contingency plan', '应急预案'],
  plan_score: [
    (checks: string, held: string, led: string) =>
      `checks in time ${checks} · incidents a level ended in its time ${held} · a later level led on in ${led}`,
    (checks: string, held: string, led: string) =>
      `检查按时 ${checks} · 按时解决的故障 ${held} · 下一级接手 ${led} 次`,
  ],
  checks: named<CheckState>({
    open: ['Not yet', '未到期'],
    done: ['Done', '完成'],
    late: ['Too late', '逾期'],
    failed: ['Failed', '未通过'],
    missed: ['Not done', '未做'],
  }),
  check_due: [(time: string) => `until ${time}`, (time: string) => `${time} 前`],
  step_within: [(time: string) => `within ${time}`, (time: string) => `限时 ${time}`],
  tell: ['How to tell', '怎么判断'],
  course: ['Before, during, after', '故障前、中、后'],
  frames: ['What browser probes saw', '浏览器拨测所见画面'],
  frame_parts: named<string>({
    before: ['before', '之前'],
    in: ['in it', '故障中'],
    after: ['after', '之后'],
  }),
  course_about: [
    (where: string) => `${where} in colour, everybody else in grey`,
    (where: string) => `彩色为 ${where}，灰色为其余观众`,
  ],
  evidence_clock: [
    (zone: string) => `by the time reports were received, ${zone}`,
    (zone: string) => `按上报接收时间，${zone}`,
  ],
  earlier: ['A minute earlier', '前一分钟'],
  later: ['A minute later', '后一分钟'],
  waiting: ['Waiting', '等待上报'],
  page_missing: ['There is no such page.', '没有这个页面。'],
  empty_show: [(s: string) => `No report of ${s} yet`, (s: string) => `还没有 ${s} 的上报`],
  p95: [(v: string) => `95 of 100 within ${v}`, (v: string) => `95% 在 ${v} 以内`],
  objective: [(v: string) => `objective ${v}`, (v: string) => `目标 ${v}`],
  part: ['Part', '分项'],
  points: ['Points', '得分'],
  points_lost: ['Takes off the whole', '拉低总分'],
  heat_note: [
    'Share of time stalled; below it who watches now. Outlined: fewer than ten viewers.',
    '卡顿时长占比；下方为当前观看人数。描边：不足十人。',
  ],
  more_streams: [(n: string) => `${n} more`, (n: string) => `另有 ${n} 个`],
  copied: ['Copied', '已复制'],
  copy: ['Copy', '复制'],
  minutes: [(d: string) => `One time axis, ${d}`, (d: string) => `同一时间轴，${d}`],
  last_said: [(t: string) => `last heard of at ${t}`, (t: string) => `最后上报于 ${t}`],
  ended_word: ['ended', '已结束'],
  ended_peak: [
    (t: string, n: string) => `Ended ${t} · peak ${n}`,
    (t: string, n: string) => `${t} 结束 · 峰值 ${n}`,
  ],
  ended_banner: [
    (t: string, n: string) => `The show ended at ${t}, peak ${viewersEn(n)}. This is its last picture.`,
    (t: string, n: string) => `直播已于 ${t} 结束，峰值 ${n} 人。以下为最后画面。`,
  ],
  open_report: ['Open report', '打开报告'],
  report_markdown: ['as Markdown', 'Markdown 版'],
  no_report: [(d: string) => `no report for ${d}`, (d: string) => `${d}无上报`],
  was: [(v: string) => `was ${v}`, (v: string) => `此前 ${v}`],
  as_found: [(v: string) => `${v} when opened`, (v: string) => `发现时 ${v}`],
  reporting: ['reporting', '有上报'],
  silent: ['silent', '无上报'],
  peak_of: [(v: string) => `worst ${v}`, (v: string) => `最差 ${v}`],
  window: [(d: string) => `over ${d}`, (d: string) => `${d}内`],
  more_incidents: [(n: number) => `${n} more`, (n: number) => `另有 ${n} 个`],
  fewer: ['Show fewer', '收起'],
  for_length: [(d: string) => `for ${d}`, (d: string) => `已持续 ${d}`],
  viewers_part: [
    (n: string, p: string) => `${viewersEn(n)} (${p})`,
    (n: string, p: string) => `${n} 名观众（${p}）`,
  ],
  n_shows: [(n: number) => (n === 1 ? '1 show' : `${n} shows`), (n: number) => `${n} 场直播`],
  filter_note: [
    (a: string) =>
      `Only ${a} counts for player, interaction and audience. Hops before the player and incidents are of the whole show.`,
    (a: string) => `播放端、互动与观众仅统计 ${a}；播放端之前的环节和故障仍为整场直播。`,
  ],
  copy_link: ['Copy link', '复制链接'],
  call: ['What to do first', '先做什么'],
  details: ['Details', '详情'],
  range: ['Range', '范围'],
  range_show: ['show', '整场'],
  range_custom: ['zoomed', '已放大'],
  hour: ['1 h', '1 小时'],
  quarter: ['15 min', '15 分钟'],
  compare: ['last show', '上一场'],
  compare_of: [
    (t: string) => `grey: the last show, the same minute (${t})`,
    (t: string) => `灰线：上一场同一分钟（${t}）`,
  ],
  no_earlier: ['there is no earlier show of this name', '没有更早的同名直播'],
  search: ['Search', '搜索'],
  search_hint: ['Show, stream, incident or session', '直播、流、故障或会话'],
  search_nothing: ['Nothing found.', '没有结果。'],
  close: ['Close', '关闭'],
  silence: ['Silence', '静默'],
  silence_about: [
    'Incidents like this one page nobody for a while. They are still found and kept.',
    '一段时间内同类故障不再通知任何人，但仍会被发现和记录。',
  ],
  maintenance: ['Maintenance', '维护'],
  maintenance_about: [
    'A planned break: nothing new is opened for this stream.',
    '计划内中断：这个流不会产生新故障。',
  ],
  for_time: ['For', '时长'],
  reason: ['Reason', '原因'],
  by: ['By', '发布人'],
  announce: ['Announce', '发布'],
  announced: [(t: string) => `Announced until ${t}.`, (t: string) => `已发布，至 ${t}。`],
  not_done: [(why: string) => `Not done: ${why}`, (why: string) => `未成功：${why}`],
  handling: ['Who handles it', '谁在处理'],
  acknowledge: ['I take it', '我来处理'],
  note: ['Note', '备注'],
  save: ['Save', '保存'],
  handled: [
    (who: string, t: string) => `${who} has it since ${t}`,
    (who: string, t: string) => `${who} 自 ${t} 起处理`,
  ],
  has_it: [(who: string) => `${who} has it`, (who: string) => `${who} 在处理`],
  came_back: [
    (n: number) => (n === 1 ? 'came back' : `came back ${n} times`),
    (n: number) => (n === 1 ? '再次发生' : `再次发生 ${n} 次`),
  ],
  let_go: ['Let it go', '不再处理'],
  your_name: ['Your name', '你的名字'],
  needs_operator: ['Only an operator may change this.', '只有值班操作员可以更改。'],
  mark_about: ['This alert was', '这次通知'],
  mark_names: named<Mark>({
    useful: ['Useful', '有用'],
    noise: ['Noise', '误报'],
    expected: ['Expected', '预期内'],
  }),
  marks: named<Mark>({
    useful: [
      'It was right to wake somebody: the rule becomes a little more sensitive on this stream.',
      '通知得对：该规则在这个流上会稍微更敏感。',
    ],
    noise: [
      'It should not have come: the rule becomes less sensitive on this stream.',
      '不该通知：该规则在这个流上会变得迟钝。',
    ],
    expected: ['It was right, and nobody needed it.', '判断正确，但无需通知。'],
  }),
  bar_is: [
    (factor: string, n: number) =>
      `${n} mark${n === 1 ? '' : 's'} moved this rule’s bar on this stream to ${factor} × the usual (0.8 to 2.5).`,
    (factor: string, n: number) => `${n} 个标记把该规则在此流上的门槛调到平常的 ${factor} 倍（0.8 至 2.5）。`,
  ],
  signed_out: ['You are signed out. Nothing below is current.', '你已退出登录。以下不是当前情况。'],
  sign_in: ['Sign in', '登录'],
  sign_out: ['Sign out', '退出登录'],
  nobody_has_it: ['Nobody has it yet', '还没有人处理'],
  handover: ['Handover', '交接'],
  handover_about: [
    (h: number) => `The last ${h} hours, to copy into a chat`,
    (h: number) => `最近 ${h} 小时，可复制到聊天`,
  ],
  sound: ['Sound on a new critical incident', '出现新的严重故障时响铃'],
  sound_waits: [
    'Sound is on, and the browser keeps it silent until you click or press a key here',
    '响铃已开，但在你点击或按键之前浏览器不会出声',
  ],
  wall_leave: ['W leaves the wall', '按 W 退出大屏'],
  wall_rotates: ['next show every 20 s', '每 20 秒切换直播'],
  dark: ['dark', '深色'],
  n_streams: [(n: number) => (n === 1 ? '1 stream' : `${n} streams`), (n: number) => `${n} 个流`],
  n_apps: [(n: number) => (n === 1 ? '1 app' : `${n} apps`), (n: number) => `${n} 个应用`],
  dims: DIMENSION_NAMES,
  outcomes: named<string>({
    started: ['started', '成功'],
    failed: ['failed', '失败'],
    abandoned: ['left before the first picture', '首屏前退出'],
  }),
}

type Said<T> = T extends (infer Word)[] ? Word : T extends Term ? string : { [K in keyof T]: Said<T[K]> }

/** The page's words in one language. */
export type Words = Said<typeof BOTH>

/** A table of pairs (or of terms) in one language. */
const inLanguage = (both: object, lang: Lang): unknown =>
  Object.fromEntries(
    Object.entries(both).map(([name, value]: [string, unknown]) => {
      if (Array.isArray(value)) return [name, value[lang === 'en' ? 0 : 1]]
      const term = value as Partial<Term>
      return [name, typeof term.en === 'string' ? term[lang] : inLanguage(value as object, lang)]
    }),
  )

export const WORDS = { en: inLanguage(BOTH, 'en'), zh: inLanguage(BOTH, 'zh') } as Readonly<
  Record<Lang, Words>
>
