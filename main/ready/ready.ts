import { readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { CheckOptions } from '../../probe/check.ts'
import type { Target } from '../../probe/target.ts'
import type { ReceiverConfig } from '../../processor/watch/notify/receiverConfig.ts'
import { sendTestPage } from '../../processor/watch/notify/testPage.ts'
import type { TimeAnswer } from '../../schemas/beacon.ts'
import { roundWarnings } from '../../schemas/roundPlan.ts'
import type { ShowEntry } from '../../schemas/show.ts'
import type { Finding } from '../doctor.ts'
import { GIVEN, MEASURED, reckon, SHOW } from '../plan/needs.ts'
import { short } from '../plan/table.ts'

/** What the gate asks, beside the show's own facts. */
export interface ReadyOptions {
  readonly show: string
  /** What is declared of it; undefined: nothing. */
  readonly entry: ShowEntry | undefined
  /** Watching at the same time, as declared. */
  readonly viewers: number | undefined
  /** Cores for collectors, writers, watchers and the store. */
  readonly cores: number | undefined
  /** The scorecard of a rehearsal: `firstframe rehearse FILE --json`. */
  readonly rehearsal: string | undefined
  readonly targets: readonly Target[]
  readonly receivers: readonly ReceiverConfig[]
  /** Whether receivers get a test page. */
  readonly pages: boolean
  readonly dashboard: string
  /** The collector's origin. */
  readonly collector: string
  /** Read-only SQL, rows as objects. */
  readonly query: <T>(sql: string, params: Readonly<Record<string, string>>) => Promise<T[]>
  readonly check: (
    url: string,
    options: Omit<CheckOptions, 'clock'>,
  ) => Promise<{
    readonly verdict: string
    readonly reason: string
    readonly detail: string
    readonly variants: number
  }>
  /** What `firstframe doctor` finds: disk, log, store, clock. */
  readonly doctor: () => Promise<readonly Finding[]>
  readonly now: () => number
}

type Found = readonly Finding[]

const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
const warn = (check: string, text: string): Finding => ({ check, state: 'warn', text })
const bad = (check: string, text: string): Finding => ({ check, state: 'bad', text })

const LATELY_S = 120
const CLOCKS_MS = 500
const REHEARSED_DAYS = 7
const DAY_MS = 24 * 3_600_000
const TOUCH_MS = 3_000

/** Every check of the gate; each is asked even if another fails. `bad` is a no-go. */
export async function examineShow(options: ReadyOptions): Promise<Finding[]> {
  const checks: readonly (readonly [string, () => Promise<Found> | Found])[] = [
    ['show', () => checkShow(options)],
    ['rounds', () => checkRounds(options)],
    ['probes', () => checkProbes(options)],
    ['edges', () => touchEdges(options)],
    ['encoders', () => checkEncoders(options)],
    ['receivers', () => checkReceivers(options)],
    ['clock', () => checkClocks(options)],
    ['machine', options.doctor],
    ['capacity', () => checkCapacity(options)],
    ['rehearsal', () => checkRehearsal(options)],
  ]
  const found = await Promise.all(
    checks.map(async ([name, run]) => {
      try {
        return await run()
      } catch (error) {
        return [bad(name, `could not be checked: ${(error as Error).message}`)]
      }
    }),
  )
  return found.flat()
}

const streamsOf = ({ entry }: ReadyOptions): string[] => entry?.streams.map(({ stream }) => stream) ?? []
const hostOf = (target: Target): string => target.edge ?? target.cdn ?? new URL(target.url).host

function checkShow(options: ReadyOptions): Found {
  const streams = streamsOf(options)
  return streams.length === 0
    ? [bad('show', `${options.show} is not declared, or has no stream: firstframe shows apply FILE`)]
    : [ok('show', `${options.show} has ${streams.join(', ')}`)]
}

/** The calendar of rounds; a show without one has nothing to say. */
function checkRounds({ entry }: ReadyOptions): Found {
  const { rounds = [] } = entry ?? {}
  if (rounds.length === 0) return []
  const warnings = roundWarnings(rounds)
  return warnings.length > 0
    ? warnings.map((text) => warn('rounds', text))
    : [ok('rounds', `${rounds.length} in the calendar, no private one overlaps a public one`)]
}

/** The last word of each target in each region. */
async function checkProbes({ show, query }: ReadyOptions): Promise<Found> {
  const rows = await query<{ target: string; region: string; last: string; why: string }>(
    `SELECT target, region, argMax(verdict, received_time) AS last, argMax(detail, received_time) AS why FROM probe
     WHERE show = {show:String} AND received_time > now64() - {lately:UInt32} GROUP BY target, region ORDER BY target, region`,
    { show, lately: String(LATELY_S) },
  )
  if (rows.length === 0)
    return [
      bad('probes', `no probe reported on ${show} within ${LATELY_S} s: firstframe probe (probe/README.md)`),
    ]
  const ill = rows.filter(({ last }) => last !== 'healthy')
  const regions = new Set(rows.map(({ region }) => region)).size
  if (ill.length === 0)
    return [ok('probes', `${rows.length} green, from ${regions} region${regions === 1 ? '' : 's'}`)]
  return ill.map(({ target, region, last, why }) =>
    bad('probes', `${target} from ${region}: ${last}, ${why}`),
  )
}

/** Each edge is played from the first, the highest and the lowest rendition: what was cold is warm afterwards. */
async function touchEdges({ show, targets, check }: ReadyOptions): Promise<Found> {
  const own = targets.filter((target) => target.show === show)
  if (own.length === 0)
    return [
      bad('edges', `no address of ${show} is known: name one an edge in \`probes\`, with show: ${show}`),
    ]
  return Promise.all(
    own.map(async (target) => {
      const played = await Promise.all(
        (['first', 'highest', 'lowest'] as const).map((variant) =>
          check(target.url, { variant, duration_ms: TOUCH_MS, headers: target.headers }),
        ),
      )
      const ill = played.find(({ verdict }) => verdict !== 'healthy')
      const variants = Math.max(...played.map((each) => each.variants))
      if (ill !== undefined)
        return bad(
          'edges',
          `${target.name} (${hostOf(target)}): ${ill.verdict}, ${ill.reason}: ${ill.detail}`,
        )
      return ok(
        'edges',
        `${target.name} (${hostOf(target)}) plays from the highest and the lowest of ${Math.max(1, variants)} renditions`,
      )
    }),
  )
}

/** For each stream an encoder that sends, and another one that could. */
async function checkEncoders(options: ReadyOptions): Promise<Found> {
  const streams = streamsOf(options)
  const rows = await options.query<{ stream: string; nodes: string[] }>(
    `SELECT stream, groupUniqArray(node) AS nodes FROM
       (SELECT stream, node, argMax(status, received_time) AS last FROM hop
        WHERE show = {show:String} AND hop = 'encoder' AND received_time > now64() - {lately:UInt32} GROUP BY stream, node)
     WHERE last != 'down' GROUP BY stream`,
    { show: options.show, lately: String(LATELY_S) },
  )
  const nodesOf = (stream: string) => rows.find((row) => row.stream === stream)?.nodes ?? []
  return streams
    .filter((stream) => !stream.endsWith('-backup'))
    .map((stream) => {
      const [first, ...others] = [...nodesOf(stream).sort(), ...nodesOf(`${stream}-backup`)]
      if (first === undefined) return bad('encoders', `${stream}: no encoder reports`)
      return others.length > 0
        ? ok('encoders', `${stream}: ${first} sends, ${others.join(', ')} stands by`)
        : bad(
            'encoders',
            `${stream}: ${first} is alone; a second encoder of it or of ${stream}-backup stands by nowhere`,
          )
    })
}

async function checkReceivers({ receivers, pages, dashboard, now }: ReadyOptions): Promise<Found> {
  if (receivers.length === 0)
    return [bad('receivers', 'none is configured: nobody would be paged (docs/receivers.md)')]
  if (!pages) return [warn('receivers', `${receivers.length} configured; no test page was sent (--no-pages)`)]
  return Promise.all(
    receivers.map(async (receiver) => {
      const { ok: taken, text } = await sendTestPage(receiver, { dashboard, now_ms: now() })
      return taken
        ? ok('receivers', `${receiver.name}: ${text}`)
        : bad('receivers', `${receiver.name}: ${text}`)
    }),
  )
}

/** The collector's clock against this machine's, and encoders' against both: a picture cannot be older or newer than that. */
async function checkClocks({ show, collector, query, now }: ReadyOptions): Promise<Found> {
  const sent_ms = now()
  const answer = (await (await fetch(`${collector}/v1/time`)).json()) as TimeAnswer
  const differs_ms = Math.round(answer.received_ms - (sent_ms + now()) / 2)
  const found = [
    Math.abs(differs_ms) <= CLOCKS_MS
      ? ok('clock', `the collector's clock differs by ${differs_ms} ms from this machine's`)
      : bad(
          'clock',
          `the collector's clock differs by ${differs_ms} ms from this machine's: set the one that is wrong`,
        ),
  ]
  const [row] = await query<{ least: number | null; n: number }>(
    `SELECT min(live_latency_ms) AS least, toUInt32(count()) AS n FROM probe
     WHERE show = {show:String} AND live_latency_ms IS NOT NULL AND received_time > now64() - {lately:UInt32}`,
    { show, lately: String(LATELY_S) },
  )
  if (row === undefined || row.n === 0) return found
  const least_ms = Math.round(row.least ?? 0)
  return [
    ...found,
    least_ms > 0
      ? ok('clock', `the newest picture was filmed ${least_ms} ms before it was probed`)
      : bad('clock', 'a picture was probed before it was filmed: the encoder’s clock is ahead'),
  ]
}

function checkCapacity({ viewers, entry, cores = availableParallelism() }: ReadyOptions): Found {
  const declared = viewers ?? entry?.viewers
  if (declared === undefined)
    return [bad('capacity', 'no audience is declared: `viewers` of the show, or --viewers')]
  const { events_per_s } = reckon({ ...SHOW, viewers: declared })
  const { collector_us, write_us, watch_us, store_us } = MEASURED
  const needed = (events_per_s * (collector_us + write_us + watch_us + store_us)) / 1e6 / GIVEN.use
  const text = `${short(declared)} viewers are ${short(events_per_s)} events a second: ${short(needed)} cores of ${cores}`
  return [
    needed <= cores
      ? ok('capacity', text)
      : bad(
          'capacity',
          `${text}. \`firstframe plan --viewers ${declared}\` says what is needed; --cores, what there is`,
        ),
  ]
}

function checkRehearsal({ rehearsal, now }: ReadyOptions): Found {
  if (rehearsal === undefined)
    return [
      bad(
        'rehearsal',
        'no scorecard was shown: firstframe rehearse FILE --json > card.json, then --rehearsal card.json',
      ),
    ]
  const card = JSON.parse(readFileSync(rehearsal, 'utf8')) as {
    readonly title?: string
    readonly passed?: boolean
    readonly plan?: readonly unknown[]
  }
  const age_days = (now() - statSync(rehearsal).mtimeMs) / DAY_MS
  const title = card.title ?? rehearsal
  if (card.passed !== true) return [bad('rehearsal', `${title} did not pass`)]
  if (age_days > REHEARSED_DAYS)
    return [
      bad(
        'rehearsal',
        `${title} passed ${Math.floor(age_days)} days ago: rehearse again within ${REHEARSED_DAYS} days`,
      ),
    ]
  if ((card.plan ?? []).length === 0)
    return [bad('rehearsal', `${title} passed, but has no contingency plan`)]
  return [ok('rehearsal', `${title} passed, with a plan of ${card.plan!.length} steps`)]
}
