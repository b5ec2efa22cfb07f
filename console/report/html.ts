import { partName } from '../../schemas/experience.ts'
import { type AnyMetric, metricOf } from '../../schemas/metrics.ts'
import { DIMENSION_NAMES, HOP_NAMES } from '../../schemas/words.ts'
import { adviceOf } from './advice.ts'
import {
  amount,
  bytes,
  clockTime,
  count,
  duration,
  hour,
  instant,
  milliseconds,
  plain,
  share,
} from './amount.ts'
import { audienceChart, stallChart } from './chart.ts'
import { meets, type ReportData, rateOf, type Worst } from './data.ts'
import { longTable, orDash, section, table, text } from './elements.ts'
import { widestFirst } from './fairness.ts'
import { type Fault, faultsOf, felt } from './faults.ts'
import { findingsFirst, findingsOf } from './ledger.ts'
import { type OrdersLost, ordersLost } from './orders.ts'
import { beforeFault, changesSection, planSection } from './planSection.ts'
import { STYLE } from './style.ts'
import { type Lang, WORDS, type Words } from './words.ts'

/** A value, set apart where it misses the metric's objective. */
function judged(metric: AnyMetric, value: number, shown: string): string {
  const { better, objective } = metricOf(metric)
  return objective === undefined || meets(better, value, objective)
    ? shown
    : `<span class="bad">${shown}</span>`
}

/** How a report is shown. */
export interface ReportLook {
  readonly lang: Lang
  /** The zone its times are in: `Asia/Shanghai`. */
  readonly zone: string
  /** The console's address, for links to each moment; '' is the console that serves the report itself. */
  readonly console: string
}

/** Metrics that missed their objective first, the longest miss first; then what was met, then what was not measured. */
export function byMiss(quality: ReportData['quality']): ReportData['quality'] {
  const rank = ({ metric, value, objective }: ReportData['quality'][number]) =>
    value === null ? 2 : meets(metricOf(metric).better, value, objective) ? 1 : 0
  return [...quality].sort(
    (a, b) => rank(a) - rank(b) || b.minutes - b.minutes_met - (a.minutes - a.minutes_met),
  )
}

function qualityTable({ quality }: ReportData, words: Words, lang: Lang): string {
  return table(
    [
      words.metric,
      `#${words.value}`,
      `#${words.objective}`,
      words.verdictHead,
      `#${words.minutesMet}`,
      words.clock,
    ],
    byMiss(quality).map(({ metric, value, objective, minutes, minutes_met, clock }) => {
      const { title, unit, better } = metricOf(metric)
      const good = value !== null && meets(better, value, objective)
      const verdict =
        value === null
          ? `<span class="soft">${words.notMeasured}</span>`
          : good
            ? `<span class="good">✓ ${words.met}</span>`
            : `<span class="bad">✗ ${words.missed}</span>`
      return [
        text(title[lang]),
        orDash(value, (v) => amount(v, unit)),
        `${better === 'lower' ? '≤' : '≥'} ${amount(objective, unit)}`,
        verdict,
        minutes === 0 ? '–' : `${count(minutes_met)} / ${count(minutes)}`,
        `<span class="soft">${clock}</span>`,
      ]
    }),
  )
}

/** The address of a moment of the show in the console. */
export const momentOf = ({ show, tenant }: ReportData, at_ms: number, address: string): string =>
  `${address}/show/${encodeURIComponent(show)}?at=${Math.round(at_ms)}&tenant=${encodeURIComponent(tenant)}`

const summaryOf = ({ lead }: Fault, lang: Lang): string => (lang === 'zh' ? lead.summary_zh : lead.summary_en)

function faultTable(data: ReportData, words: Words, { lang, zone, console: address }: ReportLook): string {
  const faults = faultsOf(data)
  if (faults.length === 0) return `<p>${words.noIncidents}</p>`
  const cost = faults.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0)
  const sells = data.orders.length > 0
  const listed = table(
    [
      words.began,
      words.what,
      words.where,
      `#${words.found}`,
      `#${words.lasted}`,
      `#${words.affected}`,
      `#${words.cost}`,
      ...(sells ? [`#${words.ordersLost}`] : []),
    ],
    faults.map((fault) => [
      `<a href="${text(momentOf(data, fault.opened_ms + 30_000, address))}">${clockTime(fault.began_ms, zone)}</a>`,
      `<a href="${text(`${address}/incident/${encodeURIComponent(fault.lead.id)}?tenant=${encodeURIComponent(data.tenant)}`)}">${text(summaryOf(fault, lang))}</a>${fault.streams.length > 1 ? ` <span class="soft">${words.streams(fault.streams.length)}</span>` : ''}${beforeFault(data, fault, lang)}`,
      text(HOP_NAMES[fault.lead.hop]?.[lang] ?? fault.lead.hop),
      duration(fault.opened_ms - fault.began_ms),
      fault.open ? `<span class="bad">${words.stillOpen}</span>` : duration(fault.ended_ms - fault.began_ms),
      count(fault.viewers),
      plain(fault.viewer_minutes),
      ...(sells ? [lostText(fault.orders_lost)] : []),
    ]),
    [
      words.inAll,
      ...Array<string>(5).fill(''),
      plain(cost),
      ...(sells ? [lostText(ordersLost(data.orders, felt(faults), felt(data.incidents)))] : []),
    ],
  )
  return sells ? `${listed}<p class="soft">${words.ordersMethod}</p>` : listed
}

/** Orders lost with their interval: `120 (90 – 150)`. */
const lostText = (lost: OrdersLost | undefined): string =>
  lost === undefined
    ? '–'
    : `${count(lost.orders)} <span class="soft">(${count(lost.low)} – ${count(lost.high)})</span>`

/** Rewards by round and pool with what a reconciliation finds, and what the show sold. */
function ledgerSection({ ledger, orders, rounds }: ReportData, words: Words): string {
  const rewards =
    ledger.length === 0
      ? ''
      : longTable(
          [
            words.round,
            words.pool,
            `#${words.budget}`,
            `#${words.issued}`,
            `#${words.claimed}`,
            `#${words.expired}`,
            `#${words.returned}`,
            words.finding,
          ],
          findingsFirst(ledger).map((row) => {
            const found = findingsOf(row)
            return [
              text(row.round || '–'),
              `${text(row.pool || '–')}${row.tier === '' ? '' : ` <span class="soft">${words[row.tier]}</span>`}`,
              count(row.budget),
              count(row.issued),
              count(row.claimed),
              count(row.expired),
              count(row.returned),
              found.length === 0
                ? `<span class="good">✓ ${words.reconciled}</span>`
                : `<span class="bad wide">${found
                    .map((each) => words.findings[each](row))
                    .map(text)
                    .join('; ')}</span>`,
            ]
          }),
          words.moreRows,
        )
  const sold = orders.reduce((sum, each) => sum + each.orders, 0)
  const sales = orders.reduce((sum, each) => sum + each.sales, 0)
  const peak = orders.reduce((best, each) => Math.max(best, each.orders), 0)
  const business =
    orders.length === 0
      ? ''
      : `<p>${words.sold(count(sold), count(sales), count(peak), count(rounds.length))}</p>`
  return rewards + business === '' ? '' : section(words.ledger, rewards + business)
}

const worstTable = (title: string, list: readonly Worst[], words: Words): string =>
  `<div><h3>${text(title)}</h3>${table(
    ['', `#${words.stall_ratio}`, `#${words.stalledMinutes}`],
    list.map(({ value, stall_ratio, stalled_minutes }) => [
      text(value),
      orDash(stall_ratio, share),
      plain(stalled_minutes),
    ]),
  )}</div>`

/** The evening in one sentence. */
export function verdictOf(data: ReportData, words: Words): string {
  const known = data.quality.filter(({ value }) => value !== null)
  const missed = known.filter(
    ({ metric, value, objective }) => !meets(metricOf(metric).better, value!, objective),
  )
  const faults = faultsOf(data)
  const cost = faults.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0)
  return words.verdict(missed.length, known.length, faults.length, plain(cost))
}

/** When each app showed each round, and what each would have to wait for the last one. */
const shownTable = ({ shown }: ReportData, words: Words): string =>
  shown.length === 0
    ? ''
    : `<h3>${words.shownByRound}</h3>${longTable(
        [words.round, `#${words.firstShown}`, `#${words.spread}`, words.lastApp, words.why, words.waits],
        widestFirst(shown).map(({ round, first_ms, spread_ms, last, because, offsets }) => [
          text(round),
          milliseconds(first_ms),
          judged('live_latency_spread', spread_ms, milliseconds(spread_ms)),
          text(last),
          words[because],
          text(offsets.map(({ app, wait_ms }) => `${app} +${milliseconds(wait_ms)}`).join(', ')),
        ]),
        words.moreRows,
      )}`

/** The experience score, what each part takes off it, and where it was lowest. */
function experienceSection({ experience, experience_cuts }: ReportData, words: Words, lang: Lang): string {
  if (experience === undefined) return ''
  const parts = table(
    [words.part, `#${words.points}`, `#${words.objective}`, `#${words.weight}`, `#${words.takesOff}`],
    experience.parts.map(({ part, score, weight, lost }) => [
      text(partName(part, lang)),
      judged(part, score, score.toFixed(1)),
      `≥ ${metricOf(part).objective}`,
      share(weight),
      lost.toFixed(1),
    ]),
    [
      words.score,
      judged('experience_score', experience.score, experience.score.toFixed(1)),
      `≥ ${metricOf('experience_score').objective}`,
      '',
      (100 - experience.score).toFixed(1),
    ],
  )
  const cuts = table(
    [words.lowest, words.where, `#${words.score}`, `#${words.hours}`],
    experience_cuts.map(({ dimension, value, score, hours }) => [
      text(value),
      text(DIMENSION_NAMES[dimension]![lang]),
      judged('experience_score', score, score.toFixed(1)),
      plain(hours),
    ]),
  )
  return section(words.experience, parts + cuts)
}

/** The whole report as one page that needs nothing else. */
export function reportPage(data: ReportData, look: ReportLook): string {
  const { lang, zone } = look
  const words = WORDS[lang]
  const { audience } = data
  const number = (value: string, name: string) => `<div><b>${value}</b>${text(name)}</div>`
  const firstLatency = Math.min(
    ...data.apps.flatMap(({ latency_ms }) => (latency_ms === null ? [] : [latency_ms])),
  )
  const advice = adviceOf(data)
  const objective = metricOf('rebuffering_ratio').objective!
  return `<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${text(`${data.show} · ${words.title}`)}</title><style>${STYLE}</style></head>
<body><main>
<p class="soft">Firstframe · ${words.title}</p>
<h1>${text(data.show)}</h1>
<p class="soft">${instant(data.from_ms, zone)} – ${instant(data.to_ms, zone)} ${text(zone)} · ${duration(data.to_ms - data.from_ms)}</p>
<div class="numbers">${number(count(audience.viewers), words.viewers)}${number(count(audience.sessions), words.sessions)}${number(plain(audience.hours), words.hours)}${number(count(audience.peak), `${words.peak}, ${hour(audience.peak_ms, zone)}`)}${number(bytes(audience.bytes), words.delivered)}${data.experience ? number(data.experience.score.toFixed(0), words.score) : ''}</div>
<p class="verdict">${text(verdictOf(data, words))}</p>
${section(words.better, advice.length === 0 ? `<p>${words.nothing}</p>` : `<ol>${advice.map((each) => `<li>${text(each[lang])}</li>`).join('')}</ol>`)}
${section(words.incidents, faultTable(data, words, look))}
${changesSection(data, words, look)}
${planSection(data, words, look)}
${experienceSection(data, words, lang)}
${section(words.quality, qualityTable(data, words, lang))}
${section(words.audience, audienceChart(data, words.watching, zone) + stallChart(data, words.stall_ratio, objective, zone))}
${section(words.worst, `<div class="three">${worstTable(words.cdn, data.worst.cdn, words)}${worstTable(words.isp, data.worst.isp, words)}${worstTable(words.region, data.worst.region, words)}</div>`)}
${ledgerSection(data, words)}
${
  data.rounds.length === 0
    ? ''
    : section(
        words.rounds,
        table(
          [
            words.round,
            words.began,
            `#${words.tookPart}`,
            `#${words.rate}`,
            `#${words.interactions}`,
            `#${words.success}`,
            `#${words.roundTrip}`,
          ],
          data.rounds.map((each) => [
            text(each.round),
            hour(each.began_ms, zone),
            count(each.took_part),
            orDash(rateOf(each), (value) => judged('interaction_rate', value, share(value))),
            count(each.interactions),
            orDash(each.success, (value) => judged('interaction_success', value, share(value))),
            orDash(each.round_trip_ms, (ms) => judged('interaction_latency', ms, milliseconds(ms))),
          ]),
        ),
      )
}
${section(
  words.fairness,
  table(
    [
      words.app,
      `#${words.viewers}`,
      `#${words.hours}`,
      `#${words.latency}`,
      `#${words.behind}`,
      `#${words.stall_ratio}`,
    ],
    data.apps.map((each) => [
      text(each.app || '–'),
      count(each.viewers),
      plain(each.hours),
      orDash(each.latency_ms, milliseconds),
      orDash(each.latency_ms, (ms) =>
        judged('live_latency_spread', ms - firstLatency, milliseconds(ms - firstLatency)),
      ),
      orDash(each.stall_ratio, (value) => judged('rebuffering_ratio', value, share(value))),
    ]),
  ) + shownTable(data, words),
)}
${section(
  words.bandwidth,
  `<p>${bytes(audience.bytes_saved)} ${words.savedInAll}${audience.saved === null ? '' : ` (${share(audience.saved)})`} · ${bytes(audience.bytes_p2p)} ${words.byPeers}</p>${table(
    [words.codec, `#${words.delivered}`, `#${words.wouldBe}`, `#${words.saved}`],
    data.codecs.map((each) => [
      text(each.codec),
      bytes(each.bytes),
      bytes(each.reference),
      orDash(each.saved, share),
    ]),
  )}`,
)}
<p class="soft">${words.times(text(zone))}</p>
</main></body></html>
`
}
