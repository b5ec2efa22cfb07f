import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { adviceOf } from './advice.ts'
import { amount, bytes, count, duration, hour, instant, milliseconds, plain, share } from './amount.ts'
import { audienceChart, stallChart } from './chart.ts'
import { meets, type ReportData, type Worst } from './data.ts'
import { STYLE } from './style.ts'
import { type Lang, WORDS, type Words } from './words.ts'

/** Plain text as HTML. */
const text = (plainText: string): string =>
  plainText.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const orDash = (value: number | null, show: (value: number) => string): string =>
  value === null ? '–' : show(value)

/** A table; columns whose name begins with `#` hold numbers. Cells are HTML. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot: readonly string[] = [],
): string {
  const kind = (at: number) => (head[at]!.startsWith('#') ? ' class="n"' : '')
  const cells = (row: readonly string[]) => row.map((cell, at) => `<td${kind(at)}>${cell}</td>`).join('')
  return `<table><thead><tr>${head.map((name, at) => `<th${kind(at)}>${text(name.replace('#', ''))}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join('')}</tbody>${foot.length > 0 ? `<tfoot><tr>${cells(foot)}</tr></tfoot>` : ''}</table>`
}

/** A value, set apart where it misses the metric's objective. */
function judged(metric: Metric, value: number, shown: string): string {
  const { better, objective } = metricOf(metric)
  return objective === undefined || meets(better, value, objective)
    ? shown
    : `<span class="bad">${shown}</span>`
}

const section = (title: string, body: string): string => `<section><h2>${text(title)}</h2>${body}</section>`

function qualityTable({ quality }: ReportData, words: Words, lang: Lang): string {
  return table(
    [words.metric, `#${words.value}`, `#${words.objective}`, '', `#${words.minutesMet}`, words.clock],
    quality.map(({ metric, value, objective, minutes, minutes_met, clock }) => {
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

function incidentTable({ incidents }: ReportData, words: Words, lang: Lang): string {
  if (incidents.length === 0) return `<p>${words.noIncidents}</p>`
  const cost = incidents.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0)
  return table(
    [
      words.began,
      words.what,
      words.where,
      `#${words.found}`,
      `#${words.lasted}`,
      `#${words.affected}`,
      `#${words.cost}`,
    ],
    incidents.map((each) => [
      instant(each.began_ms).slice(11),
      text(lang === 'zh' ? each.summary_zh : each.summary_en),
      text(each.hop),
      duration(each.opened_ms - each.began_ms),
      each.state === 'open'
        ? `<span class="bad">${words.stillOpen}</span>`
        : duration(each.ended_ms - each.began_ms),
      count(each.viewers),
      count(each.viewer_minutes),
    ]),
    [words.inAll, '', '', '', '', '', count(cost)],
  )
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
function verdictOf({ quality, incidents }: ReportData, words: Words): string {
  const known = quality.filter(({ value }) => value !== null)
  const missed = known.filter(
    ({ metric, value, objective }) => !meets(metricOf(metric).better, value!, objective),
  )
  const cost = incidents.reduce((sum, { viewer_minutes }) => sum + viewer_minutes, 0)
  return words.verdict(missed.length, known.length, incidents.length, count(cost))
}

/** The whole report as one page that needs nothing else. */
export function reportPage(data: ReportData, lang: Lang): string {
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
<p class="soft">${instant(data.from_ms)} – ${instant(data.to_ms)} UTC · ${duration(data.to_ms - data.from_ms)}</p>
<div class="numbers">${number(count(audience.viewers), words.viewers)}${number(count(audience.sessions), words.sessions)}${number(plain(audience.hours), words.hours)}${number(count(audience.peak), `${words.peak}, ${hour(audience.peak_ms)}`)}${number(bytes(audience.bytes), words.delivered)}</div>
<p class="verdict">${text(verdictOf(data, words))}</p>
${section(words.better, advice.length === 0 ? `<p>${words.nothing}</p>` : `<ol>${advice.map((each) => `<li>${text(each[lang])}</li>`).join('')}</ol>`)}
${section(words.audience, audienceChart(data, words.watching) + stallChart(data, words.stall_ratio, objective))}
${section(words.quality, qualityTable(data, words, lang))}
${section(words.incidents, incidentTable(data, words, lang))}
${section(words.worst, `<div class="three">${worstTable(words.cdn, data.worst.cdn, words)}${worstTable(words.isp, data.worst.isp, words)}${worstTable(words.region, data.worst.region, words)}</div>`)}
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
            `#${words.interactions}`,
            `#${words.success}`,
            `#${words.roundTrip}`,
          ],
          data.rounds.map((each) => [
            text(each.round),
            hour(each.began_ms),
            count(each.took_part),
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
  ),
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
<p class="soft">${words.utc}</p>
</main></body></html>
`
}
