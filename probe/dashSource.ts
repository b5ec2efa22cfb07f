import { isoTime_ms } from '../schemas/readTime.ts'
import type { Clock } from './clock.ts'
import type { Exchange, HttpClient } from './http.ts'
import { type DashManifest, type KnownTrack, readDash } from './parse/dash.ts'
import { type LookResult, manifestFailure, type Source } from './source.ts'

export interface DashSourceOptions {
  readonly url: string
  readonly http: HttpClient
  readonly clock: Clock
  readonly timeout_ms: number
}

/** A period that stands elsewhere, with what it may hold until then. */
const REMOTE_PERIOD =
  /<Period\b[^<>]{0,2000}?\sxlink:href="([^"<>]{0,2000})"[^<>]{0,2000}?(?:\/>|>(?:(?!<\/?Period\b)[\s\S])*<\/Period>)/g
const MOST_REMOTE_PERIODS = 20
/** No honest manifest is larger. */
const MANIFEST_BYTES = 8 << 20
const TIME_BYTES = 4_096
const TIME_TIMEOUT_MS = 2_000

/**
 * Loads a DASH manifest; all representations stand in the one document. Segments are dated by the time that the manifest
 * names (UTCTiming), so that a probe whose clock is off asks for segments that are there.
 * @param opened the first answer, where it was already fetched to see what is there
 */
export function dashSource(options: DashSourceOptions, opened?: Exchange): Source {
  const { http, clock } = options
  let { url } = options
  let first: Exchange | undefined = opened
  let known: readonly KnownTrack[] | undefined
  let ahead_ms: number | undefined

  const fetchPeriods = async (href: string): Promise<string> => {
    const answer = await http.get(href, { timeout_ms: options.timeout_ms, most_bytes: MANIFEST_BYTES })
    // What cannot be had counts as nothing (5.5.3): the other periods are played.
    return answer.status === 200 ? answer.body.toString('utf8').replace(/<\?xml[^>]*\?>/, '') : ''
  }
  /** Puts periods that stand elsewhere (`xlink:href`) into the manifest. */
  const withRemotePeriods = async (text: string, base: string): Promise<string> => {
    const found = [...text.matchAll(REMOTE_PERIOD)].slice(0, MOST_REMOTE_PERIODS)
    let whole = text
    for (const [element, written = ''] of found) {
      const href = written.replaceAll('&amp;', '&')
      const url = /^urn:/.test(href) || !URL.canParse(href, base) ? undefined : new URL(href, base).href
      const periods = url === undefined ? '' : await fetchPeriods(url)
      whole = whole.replace(element, () => periods)
    }
    return whole
  }

  const look = async (_follow: readonly string[], timeout_ms: number): Promise<LookResult> => {
    const exchange = opened ?? (await http.get(url, { timeout_ms, most_bytes: MANIFEST_BYTES }))
    opened = undefined
    first ??= exchange
    const failure = manifestFailure(exchange)
    if (failure !== undefined) return { ok: false, failure }
    const text = await withRemotePeriods(exchange.body.toString('utf8'), exchange.url)
    const read = () => readDash(text, exchange.url, clock() + (ahead_ms ?? 0), known, ahead_ms)
    let manifest = read()
    if (typeof manifest !== 'string' && ahead_ms === undefined) {
      ahead_ms = await clockOffset_ms(manifest, exchange.url, http, clock)
      if (ahead_ms !== 0) manifest = read()
    }
    if (typeof manifest === 'string')
      return { ok: false, failure: { reason: 'manifest_unreadable', detail: manifest } }
    if (manifest.location !== undefined) url = manifest.location
    const tracks = manifest.tracks.filter((track) => track.pieces.length > 0)
    if (tracks.length === 0) {
      return {
        ok: false,
        failure: { reason: 'manifest_unreadable', detail: 'the manifest names no segment' },
      }
    }
    known ??= tracks.map(({ id, kind, bandwidth_bps }) => ({ id, kind, bandwidth_bps }))
    const target_ms = Math.min(...tracks.map((track) => track.target_ms))
    return { ok: true, look: { at_ms: clock(), tracks, failures: [], again_ms: target_ms / 2 } }
  }
  return { look, first: () => first }
}

/** How far the manifest's clock is ahead of ours, ms; 0 where it names none that answers. */
async function clockOffset_ms(
  { timing, dynamic }: DashManifest,
  url: string,
  http: HttpClient,
  clock: Clock,
): Promise<number> {
  if (!dynamic) return 0
  for (const { scheme, value } of timing) {
    const [, method] = /^urn:mpeg:dash:utc:([\w-]+):\d+$/.exec(scheme) ?? []
    if (method === 'direct') {
      const time = isoTime_ms(value)
      if (!Number.isNaN(time)) return time - clock()
    }
    if (method !== 'http-iso' && method !== 'http-xsdate' && method !== 'http-head') continue
    const address = value.split(/\s+/)[0] ?? ''
    if (!URL.canParse(address, url)) continue
    const requested_ms = clock()
    const answer = await http.get(new URL(address, url).href, {
      timeout_ms: TIME_TIMEOUT_MS,
      most_bytes: TIME_BYTES,
    })
    const time =
      method === 'http-head' ? (answer.date_ms ?? Number.NaN) : isoTime_ms(answer.body.toString('utf8'))
    // The time was written about half way between question and answer.
    if (answer.status === 200 && !Number.isNaN(time)) return time - (requested_ms + clock()) / 2
  }
  return 0
}
