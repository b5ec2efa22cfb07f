import { metricOf } from '../../schemas/metrics.ts'
import { HOP_NAMES } from '../../schemas/words.ts'
import { amount, bytes, count, duration, milliseconds, share } from './amount.ts'
import { meets, type ReportData, type Worst } from './data.ts'

interface Advice {
  /** Sorts the list: viewer-minutes, or what comes close to them. */
  readonly weight: number
  readonly en: string
  readonly zh: string
}

/** A finding slower than this deserves a look, ms. */
const SLOW_TO_FIND_MS = 15_000
/** Apps further apart than this are unfair in a draw, ms. */
const UNFAIR_MS = 1_000
/** Missed objectives that are named; the table has them all. */
const MISSED_MOST = 4
/** Share of the bytes that may stay on H.264 before it is worth a word. */
const OLD_CODEC = 0.2

/** What can be done about a value that stands out. */
const REMEDY = {
  cdn: { en: 'move its viewers, or ask it why', zh: '调走其观众，或请其排查' },
  isp: { en: 'send its viewers to another CDN, or ask it why', zh: '为其观众换 CDN，或请其排查' },
  region: { en: 'see which of the CDNs there it was', zh: '查明是当地哪家 CDN' },
} as const satisfies Readonly<Record<keyof ReportData['worst'], { en: string; zh: string }>>

/** A value whose part of the stalls is far beyond its part of the audience. */
function standsOut(list: readonly Worst[], stalled: number, watched: number): Worst | undefined {
  return list.find(
    (each) =>
      stalled > 0 &&
      each.stalled_minutes / stalled > 1.5 * (each.minutes / watched) &&
      each.stalled_minutes / stalled > 0.3,
  )
}

/** What to do better next time, the most costly first; every sentence stands on a number of the report. */
export function adviceOf(data: ReportData): readonly Advice[] {
  const found: Advice[] = []
  for (const hop of new Set(data.incidents.map((incident) => incident.hop))) {
    const list = data.incidents.filter((incident) => incident.hop === hop)
    const cost = list.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0)
    found.push({
      weight: cost,
      en: `Begin at the ${hop}: ${list.length} incident${list.length === 1 ? '' : 's'} there cost ${count(cost)} viewer-minutes. ${list[0]!.summary_en}`,
      zh: `先看${HOP_NAMES[hop]?.zh ?? hop}环节：${list.length} 次故障，代价 ${count(cost)} 观众·分钟。${list[0]!.summary_zh}`,
    })
  }
  for (const { opened_ms, began_ms, viewers, summary_en, summary_zh } of data.incidents)
    if (opened_ms - began_ms > SLOW_TO_FIND_MS)
      found.push({
        weight: (viewers * (opened_ms - began_ms)) / 60_000,
        en: `It took ${duration(opened_ms - began_ms)} to find “${summary_en}”: tighten its rule, or let players report sooner.`,
        zh: `“${summary_zh}”用了 ${duration(opened_ms - began_ms)} 才发现：收紧规则，或让播放器更早上报。`,
      })
  const missed = data.quality
    .filter(
      ({ metric, value, objective }) => value !== null && !meets(metricOf(metric).better, value, objective),
    )
    .sort((a, b) => b.minutes - b.minutes_met - (a.minutes - a.minutes_met))
  for (const { metric, value, objective, minutes, minutes_met } of missed.slice(0, MISSED_MOST)) {
    const { title, unit } = metricOf(metric)
    found.push({
      weight: minutes - minutes_met,
      en: `${title.en}: ${amount(value!, unit)}, the objective is ${amount(objective, unit)}; ${count(minutes - minutes_met)} of ${count(minutes)} minutes missed it.`,
      zh: `${title.zh}：${amount(value!, unit)}，目标 ${amount(objective, unit)}；${count(minutes)} 分钟中 ${count(minutes - minutes_met)} 分钟未达标。`,
    })
  }
  for (const [dimension, list] of Object.entries(data.worst)) {
    const watched = data.audience.hours * 60
    const stalled = data.minutes.reduce(
      (sum, { watching, stall_ratio }) => sum + watching * (stall_ratio ?? 0),
      0,
    )
    const worst = standsOut(list, stalled, watched)
    if (worst)
      found.push({
        weight: worst.stalled_minutes,
        en: `${worst.value} (${dimension}) had ${share(worst.stalled_minutes / stalled)} of all stalled time with ${share(worst.minutes / watched)} of the audience: ${REMEDY[dimension as keyof typeof REMEDY].en}.`,
        zh: `${worst.value}（${dimension}）占全部卡顿时间的 ${share(worst.stalled_minutes / stalled)}，观众只占 ${share(worst.minutes / watched)}：${REMEDY[dimension as keyof typeof REMEDY].zh}。`,
      })
  }
  const latencies = data.apps.flatMap(({ app, latency_ms }) =>
    latency_ms === null ? [] : [{ app, latency_ms }],
  )
  const sorted = latencies.sort((a, b) => a.latency_ms - b.latency_ms)
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first && last && last.latency_ms - first.latency_ms > UNFAIR_MS)
    found.push({
      weight: 1,
      en: `${last.app} saw the show ${milliseconds(last.latency_ms - first.latency_ms)} after ${first.app}: hold rounds back by as much, or shorten its buffer.`,
      zh: `${last.app} 比 ${first.app} 晚 ${milliseconds(last.latency_ms - first.latency_ms)} 看到画面：互动相应推迟，或缩短其缓冲。`,
    })
  const old = data.codecs.find(({ codec }) => codec === 'h264')
  const best = Math.max(0, ...data.codecs.map(({ saved }) => saved ?? 0))
  if (old && data.audience.bytes > 0 && old.bytes / data.audience.bytes > OLD_CODEC && best > 0.05)
    found.push({
      weight: 0,
      en: `${share(old.bytes / data.audience.bytes)} of the bytes were H.264; at the best codec’s saving that is ${bytes(old.bytes * best)} more to save.`,
      zh: `${share(old.bytes / data.audience.bytes)} 的流量仍是 H.264；若达到最好编码的水平还可再省 ${bytes(old.bytes * best)}。`,
    })
  return found.sort((a, b) => b.weight - a.weight).slice(0, 10)
}
