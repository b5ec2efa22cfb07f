import { setMaxListeners } from 'node:events'
import { fetchHost, monitorPlain, type PlainSession } from '../../player/plain/index.ts'
import { createRandom } from '../../rehearsal/random.ts'

/** A new version of the player asks for the next segment only so long after the one before. */
const BUG_MS = 2_500
const TICK_MS = 50
const BUFFER_S = 3
/** Segments behind the last one from which a player jumps. */
const BEHIND = 6
/** A player that is late plays so many times as fast until it is not. */
const FAST = 1.25
const LATE_MS = 3_500
const BROWSER =
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36'

export interface ViewersOptions {
  readonly collector: string
  readonly show: string
  readonly stream: string
  /** The playlist's path below an edge. */
  readonly path: string
  /** Edge address by CDN. */
  readonly cdns: Readonly<Record<string, string>>
  readonly count: number
}

export interface Viewers {
  /** The version of the player that does not fetch in time. */
  bug: string | undefined
  /** Viewers whose picture moves, of all. */
  readonly playing: () => number
  readonly stop: () => Promise<void>
}

interface Segment {
  readonly url: string
  readonly duration_s: number
  readonly time_ms: number
}

/** The segments of a media playlist. */
function segmentsOf(text: string, base: string): Segment[] {
  const found: Segment[] = []
  let duration_s = 0
  let time_ms = 0
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXTINF:')) duration_s = Number.parseFloat(line.slice(8))
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) time_ms = Date.parse(line.slice(25))
    else if (line !== '' && !line.startsWith('#'))
      found.push({ url: new URL(line, base).href, duration_s, time_ms })
  }
  return found
}

/** What a viewer's address, app and version are; the mix of each CDN is the same. */
const seatOf = (number: number) => ({
  cdn: number % 2,
  // Homes are in networks of their own; many new players of one would not be believed at once.
  address: `203.0.${number + 1}.7`,
  app: ['shop', 'video', 'mini'][Math.floor(number / 2) % 3]!,
  player_version: Math.floor(number / 2) % 4 === 0 ? '2.1.0' : '2.0.3',
  isp: ['telecom', 'mobile'][Math.floor(number / 6) % 2]!,
})

/**
 * Viewers who really fetch: each reads the playlist and the segments of its edge, keeps a buffer, plays it in real time,
 * and reports by the SDK. They come and go; a place is never empty for long.
 */
export function startViewers(options: ViewersOptions): Viewers {
  const random = createRandom(1)
  const cdns = Object.keys(options.cdns)
  const over = new AbortController()
  setMaxListeners(0, over.signal)
  const viewers: Viewer[] = []
  const self: Viewers = {
    bug: undefined,
    playing: () => viewers.filter(({ moves }) => moves).length,
    stop: async () => {
      over.abort()
      clearInterval(timer)
      for (const viewer of viewers) viewer.leave()
      await Promise.all(visits)
    },
  }
  const timer = setInterval(() => {
    for (const viewer of viewers) viewer.tick()
  }, TICK_MS)
  const visits = Array.from({ length: options.count }, async (_, number) => {
    const seat = seatOf(number)
    const cdn = cdns[seat.cdn]!
    for (let visit = 0; !over.signal.aborted; visit += 1) {
      await pause(random.next() * (visit === 0 ? 3_000 : 500), over.signal)
      const viewer = new Viewer(options, { ...seat, cdn }, () => self.bug === seat.player_version)
      viewers.push(viewer)
      await viewer.watch(
        AbortSignal.any([over.signal, AbortSignal.timeout(Math.round(random.between(40_000, 120_000)))]),
      )
      viewers.splice(viewers.indexOf(viewer), 1)
    }
  })
  return self
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })

type Seat = Omit<ReturnType<typeof seatOf>, 'cdn'> & { readonly cdn: string }

class Viewer {
  moves = false
  private readonly session: PlainSession
  private readonly playlist: string
  private readonly isIll: () => boolean
  private buffer: Segment[] = []
  private played_s = 0
  private rate = 1
  private looked_ms = performance.now()

  constructor({ collector, show, stream, cdns, path }: ViewersOptions, seat: Seat, isIll: () => boolean) {
    const { address, cdn, app, isp, player_version } = seat
    this.playlist = `${cdns[cdn]}${path}`
    this.isIll = isIll
    const host = fetchHost()
    const post = async (url: string, body: string) => {
      const headers = {
        'content-type': 'text/plain',
        'user-agent': BROWSER,
        'x-forwarded-for': address,
        'x-firstframe-isp': isp,
        'x-firstframe-country': 'CN',
      }
      const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
      await answer?.arrayBuffer()
      return { status: answer?.status ?? 0, retryAfter: answer?.headers.get('retry-after') }
    }
    this.session = monitorPlain({
      ...{ url: collector, key: 'demo', show, stream, player: 'canvas', app, cdn },
      protocol: 'hls',
      viewer: address,
      context: { player_version },
      host: { ...host, post },
    })
  }

  /** Media that waits to be played, s. */
  private ahead(): number {
    return this.buffer.reduce((sum, { duration_s }) => sum + duration_s, 0) - this.played_s
  }

  tick(): void {
    const now = performance.now()
    const gone_s = (now - this.looked_ms) / 1000
    this.looked_ms = now
    if (this.moves) this.played_s += gone_s * this.rate
    while (this.buffer.length > 0 && this.played_s >= this.buffer[0]!.duration_s)
      this.played_s -= this.buffer.shift()!.duration_s
    const head = this.buffer[0]
    if (head === undefined) {
      this.played_s = 0
      if (this.moves) this.session.waiting()
      this.moves = false
    } else if (!this.moves && this.ahead() >= 2) {
      this.moves = true
      this.session.playing()
    }
    const live_latency_ms = head && Math.max(0, Date.now() - head.time_ms - this.played_s * 1000)
    const rate = live_latency_ms !== undefined && live_latency_ms > LATE_MS && this.ahead() > 1 ? FAST : 1
    if (rate !== this.rate) this.session.rate(rate)
    this.rate = rate
    this.session.sample({ buffer_ms: this.ahead() * 1000, bitrate_kbps: 364, live_latency_ms })
  }

  leave(): void {
    this.session.end()
  }

  /** Fetches and plays until the viewer leaves. */
  async watch(until: AbortSignal): Promise<void> {
    this.session.request()
    this.session.source('manifest', this.playlist)
    this.session.mark('manifest')
    let last = ''
    while (!until.aborted) {
      if (this.ahead() >= BUFFER_S) {
        await pause(200, until)
        continue
      }
      const text = (await this.get(this.playlist, until))?.toString('utf8')
      const segments = text === undefined ? [] : segmentsOf(text, this.playlist)
      const at = segments.findIndex(({ url }) => url === last)
      // Who has fallen too far behind jumps to the live edge, as players do.
      const next = at < 0 || segments.length - at > BEHIND ? segments.at(-3) : segments[at + 1]
      if (next === undefined) {
        await pause(400, until)
        continue
      }
      if (this.isIll()) await pause(BUG_MS, until)
      this.session.mark('media')
      const body = await this.get(next.url, until)
      if (body === undefined) continue
      last = next.url
      this.session.mark('byte')
      this.session.mark('demuxed')
      this.buffer.push(next)
    }
    this.leave()
  }

  /** A file of the edge, or undefined where it cannot be had; a player asks again. */
  private async get(url: string, until: AbortSignal): Promise<Buffer | undefined> {
    const began = performance.now()
    try {
      const answer = await fetch(url, { signal: until, headers: { 'user-agent': BROWSER } })
      const ttfb_ms = performance.now() - began
      const body = Buffer.from(await answer.arrayBuffer())
      if (!answer.ok) throw new Error(String(answer.status))
      this.session.media({ url, bytes: body.length, ttfb_ms })
      this.session.sample({ bandwidth_kbps: (body.length * 8) / Math.max(1, performance.now() - began) })
      return body
    } catch (error) {
      if (until.aborted) return undefined
      const code = (error as Error).message
      this.session.error({ code, category: 'network', fatal: false, message: code })
      await pause(500, until)
      return undefined
    }
  }
}
