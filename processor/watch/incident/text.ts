import type { Hop } from '../../../schemas/kinds/kinds.ts'
import { isBranch, type Metric, metricOf } from '../../../schemas/metrics.ts'
import { HOP_NAMES } from '../../../schemas/words.ts'
import type { Where } from '../windows/view.ts'

/** What an incident's sentence is made of. */
export interface Told {
  readonly metric: Metric
  readonly rule: string
  readonly hop: Hop
  readonly cause: Where
  readonly value: number
  readonly baseline: number
  readonly viewers: number
  readonly seconds_left?: number
  readonly note?: string
  /** How many streams and shows it is felt in. */
  readonly stream_count?: number
  readonly show_count?: number
}

type Phrase = readonly [en: (value: string) => string, zh: (value: string) => string]

/** How a person says where: "behind cdn-b", "in Guangdong". In the order in which it is said. */
const WHERE: Readonly<Record<string, Phrase>> = {
  cdn: [(v) => `behind ${v}`, (v) => `${v} `],
  edge: [(v) => `at the edge ${v}`, (v) => `边缘节点 ${v} `],
  node: [(v) => `at ${v}`, (v) => `${v} `],
  target: [(v) => `of ${v}`, (v) => `${v} `],
  region: [(v) => `in ${v}`, (v) => `${v}地区`],
  country: [(v) => `in ${v}`, (v) => `${v} `],
  isp: [(v) => `on ${v}`, (v) => `${v}网络`],
  network: [(v) => `over ${v}`, (v) => `${v} 网络`],
  app: [(v) => `in the app ${v}`, (v) => `${v} 应用`],
  container: [(v) => `inside ${v}`, (v) => `${v} 容器`],
  component: [(v) => `in the component ${v}`, (v) => `${v} 组件`],
  component_version: [(v) => `with component version ${v}`, (v) => `组件 ${v} 版本`],
  device: [(v) => `on ${v}`, (v) => `${v} 设备`],
  os: [(v) => `on ${v}`, (v) => `${v} 系统`],
  player: [(v) => `with ${v}`, (v) => `${v} 播放器`],
  player_version: [(v) => `with player version ${v}`, (v) => `播放器 ${v} 版本`],
  protocol: [(v) => `over ${v}`, (v) => `${v} 协议`],
  codec: [(v) => `with ${v}`, (v) => `${v} 编码`],
  rendition: [(v) => `at ${v}`, (v) => `${v} 档位`],
  delivery: [(v) => `by ${v}`, (v) => `${v} 分发`],
}

const COUNTS = [
  '',
  '',
  'twofold',
  'threefold',
  'fourfold',
  'fivefold',
  'sixfold',
  'sevenfold',
  'eightfold',
  'ninefold',
  'tenfold',
]

/** Beyond so many times the baseline a multiple says nothing: there was almost none before. */
const MOST_TIMES = 40

/** The incident in one sentence of English and one of Chinese, as a colleague would say it. */
export function summaries(reported: Told): { en: string; zh: string } {
  const [en, zh] = sentence(reported)
  const viewers = Math.round(reported.viewers)
  const { stream_count: streams = 1, show_count: shows = 1 } = reported
  const facts: [string, string][] = []
  if (streams > 1)
    facts.push(
      shows > 1
        ? [`${streams} streams of ${shows} shows`, `${shows} 场直播的 ${streams} 路流`]
        : [`${streams} streams`, `${streams} 路流`],
    )
  if (viewers > 0) {
    const count = viewers.toLocaleString('en-US')
    facts.push([`${count} ${viewers === 1 ? 'viewer' : 'viewers'}`, `影响 ${count} 名观众`])
  }
  return {
    en: [en, ...facts.map(([fact]) => fact)].join(' · '),
    zh: [zh, ...facts.map(([, fact]) => fact)].join(' · '),
  }
}

function sentence(reported: Told): [string, string] {
  const { metric, rule, cause, value, baseline, note, hop } = reported
  const [en, zh] = place(cause)
  if (rule === 'limit') {
    const { title, unit, better } = metricOf(metric)
    const why = note ? ` (${note.replaceAll('_', ' ')})` : ''
    const [high, highZh] =
      unit === 'per_minute' ? ['', ''] : better === 'lower' ? [' up to', '升至'] : [' down to', '降至']
    const shown =
      unit === 'per_minute'
        ? [`: ${trim(value)} within a minute`, `：一分钟内 ${trim(value)} 次`]
        : [` ${amount(value, metric)}`, amount(value, metric)]
    return [`${title.en}${en}${high}${shown[0]}${why}`, `${zh}${title.zh}${highZh}${shown[1]}${why}`]
  }
  if (rule === 'absence' && isBranch(metric)) {
    const { title } = metricOf(metric)
    return note === 'down'
      ? [`${title.en}${en} is down`, `${zh}${title.zh}：已中断`]
      : [`${title.en}${en} is silent`, `${zh}${title.zh}：无上报`]
  }
  if (rule === 'absence') {
    const name = hop === 'player' || hop === 'interaction' ? `${HOP_NAMES[hop].en}s` : `The ${hop}`
    const nameZh = HOP_NAMES[hop].zh
    return note === 'down'
      ? [`${name} was cut off${en}`, `${zh}${nameZh}断流`]
      : [`${name} fell silent${en}`, `${zh}${nameZh}无上报`]
  }
  if (rule === 'forecast') return forecast(reported)
  if (rule === 'over_issue' || rule === 'double_grant' || rule === 'undistributed')
    return ofPool(rule, reported)
  if (rule === 'mix')
    return [
      `A flood of interactions${en}: ${percent(value)} of all, usually ${percent(baseline)}`,
      `${zh}互动异常激增：占全部 ${percent(value)}，平时 ${percent(baseline)}`,
    ]
  if (rule === 'spread')
    return [
      `Apps see the show ${seconds(value)} apart${en}: unfair in a draw`,
      `${zh}各端画面相差 ${seconds(value)}，抽奖不公平`,
    ]
  if (rule === 'quorum')
    return [
      `Probes cannot play${en}: ${percent(value)} of places fail${note ? ` (${note.replaceAll('_', ' ')})` : ''}`,
      `${zh}拨测失败：${percent(value)} 的地点无法播放${note ? `（${note}）` : ''}`,
    ]
  const spec = metricOf(metric)
  const from = spec.unit === 'per_minute' ? trim(baseline) : amount(baseline, metric)
  const to = amount(value, metric)
  const toZh = spec.unit === 'per_minute' ? `${trim(value)} 次/分钟` : to
  if (metric === 'concurrent_plays')
    return [`Viewers fell from ${from} to ${to}${en}`, `${zh}观众从 ${from} 降至 ${to}`]
  const nouns = NOUNS[metric] ?? [spec.title.en, spec.title.zh]
  if (rule === 'objective')
    return [`${nouns[0]}${en} at ${to} where ${from} is wanted`, `${zh}${nouns[1]}${toZh}，目标 ${from}`]
  const times = Math.round(value / baseline)
  const grows = spec.better === 'lower' && (spec.unit === 'ratio' || spec.unit === 'per_minute')
  if (grows && value > 0 && !(times <= MOST_TIMES))
    return [`${nouns[0]} up from almost none to ${to}${en}`, `${zh}${nouns[1]}从几乎为零升至 ${toZh}`]
  if (grows && times >= 2)
    return [
      `${nouns[0]} up ${COUNTS[times] || `${times}-fold`}${en}`,
      `${zh}${nouns[1]}升至平时的 ${times} 倍`,
    ]
  const moved = value > baseline ? ['up', '升至'] : ['down', '降至']
  return [
    `${nouns[0]} ${moved[0]} from ${from} to ${to}${en}`,
    `${zh}${nouns[1]}从 ${from} ${moved[1]} ${toZh}`,
  ]
}

/** Where the catalogue's title is no noun for a sentence. */
const NOUNS: Partial<Record<Metric, readonly [string, string]>> = {
  stalled_viewers: ['Viewers who stall', '卡顿用户占比'],
  rebuffering_ratio: ['Time stalled', '卡顿时长占比'],
  rebuffering_frequency: ['Stalls', '卡顿次数'],
  video_startup_time: ['First screen', '首屏时间'],
  playback_failure: ['Playback failures', '播放失败'],
  interaction_success: ['Interactions that succeed', '互动成功率'],
}

function forecast({ cause, seconds_left = 0, value, note }: Told): [string, string] {
  const { resource = 'resource', node } = cause
  const name = resource.replaceAll('_', ' ')
  const [en, zh] = [node ? `${name} ${node}` : name, node ? `${resource}（${node}）` : resource]
  const capital = en.charAt(0).toUpperCase() + en.slice(1)
  const left = Math.round(seconds_left)
  if (note === 'load')
    return left > 0
      ? [
          `${capital} at ${percent(value)} and full in ${left} s`,
          `${zh} 负载 ${percent(value)}，${left} 秒后满载`,
        ]
      : [`${capital} is full: ${percent(value)} of what it can take`, `${zh} 已满载：${percent(value)}`]
  return left > 0
    ? [`${capital} empty in ${left} s`, `${zh} 将在 ${left} 秒后耗尽`]
    : [`${capital} is empty`, `${zh} 已耗尽`]
}

function ofPool(
  rule: 'over_issue' | 'double_grant' | 'undistributed',
  { cause, value, note }: Told,
): [string, string] {
  const { pool = 'the pool' } = cause
  const [number = '0', ...rest] = (note ?? '').split(' ')
  const round = rest.join(' ')
  const [en, zh] = round === '' ? [pool, pool] : [`${pool} of ${round}`, `${round} ${pool}`]
  const figure = trim(Number(number))
  if (rule === 'over_issue')
    return [
      `${en} gives more than its budget: ${percent(value)}, ${figure} too much`,
      `${zh} 超发：已达预算的 ${percent(value)}，多发 ${figure}`,
    ]
  if (rule === 'double_grant')
    return [`${en} gives the same grant twice: ${figure} lost`, `${zh} 重复发放：损失 ${figure}`]
  return [
    `${en} will not be given out: ${percent(value)} by the end in ${figure} s`,
    `${zh} 发不完：${figure} 秒后结束时预计只发 ${percent(value)}`,
  ]
}

function place(cause: Where): [string, string] {
  const stated = Object.keys(WHERE).filter((name) => name in cause)
  if (stated.length === 0) return ['', '']
  return [
    ` ${stated.map((name) => WHERE[name]![0](cause[name]!)).join(' ')}`,
    `${stated
      .map((name) => WHERE[name]![1](cause[name]!))
      .join('')
      .trim()} `,
  ]
}

const percent = (share: number): string => `${trim(share * 100)} %`
const seconds = (ms: number): string => `${trim(ms / 1000)} s`
const trim = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(2)))

/** A value with its unit. */
export function amount(value: number, metric: Metric): string {
  switch (metricOf(metric).unit) {
    case 'ratio':
      return metric.endsWith('_speed')
        ? `${Number(value.toPrecision(2))}×`
        : Math.abs(value) > 0.9
          ? `${Number((value * 100).toFixed(1))} %`
          : percent(value)
    case 'ms':
      return value >= 1000 ? seconds(value) : `${Math.round(value)} ms`
    case 'kbps':
      return value >= 1000 ? `${trim(value / 1000)} Mb/s` : `${Math.round(value)} kb/s`
    case 'mbps':
      return `${trim(value)} Mb/s`
    case 'fps':
      return `${Number(value.toPrecision(3))} fps`
    case 'per_minute':
      return `${trim(value)} a minute`
    case 'bytes':
      return `${trim(value / 1e6)} MB`
    default:
      return trim(value)
  }
}
