import type { BeaconEvent } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { known } from './counters.ts'

/** A rendition that a master playlist lists. */
export interface Listed {
  /** Height of its picture, pixels. */
  readonly height: number
  /** Address of its media playlist. */
  readonly url: string
}

/** The renditions of an HLS master playlist, by what follows each `#EXT-X-STREAM-INF`. Throws when it is no master playlist. */
export function readMaster(text: string, url: string): Listed[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
  if (!lines[0]?.startsWith('#EXTM3U') || !text.includes('#EXT-X-STREAM-INF:'))
    throw new Error('this is not a master playlist of HLS')
  return lines.flatMap((line, at) => {
    const height = /^#EXT-X-STREAM-INF:.*\bRESOLUTION=\d+x(\d+)/.exec(line)?.[1]
    const address = lines.slice(at + 1).find((next) => next !== '' && !next.startsWith('#'))
    return height === undefined || address === undefined
      ? []
      : [{ height: Number(height), url: new URL(address, url).href }]
  })
}

/** A media playlist that does not change for so many of its target durations has lost its transcoder. */
const STALE_TARGETS = 3
/** Renditions that are looked at: a playlist that lists thousands costs no more. */
const MOST = 20

interface SeenPlaylist {
  readonly text: string
  /** When it changed last, ms. */
  readonly changed_ms: number
}

/**
 * A reader of a ladder: how many of the promised heights are delivered, that is listed in the master playlist with a media playlist that moves. The
 * heights that are not are the event's reason: `missing 720`.
 */
export function ladderReader(options: {
  readonly url: string
  /** Heights that the show promises, pixels. */
  readonly heights: readonly number[]
  readonly node: string
  readonly context: ClientContext
  /** The text behind an address; rejects when there is none. */
  readonly load: (url: string) => Promise<string>
}): (at_ms: number) => Promise<EventGroup[]> {
  const { url, heights, node, context, load } = options
  let seen = new Map<string, SeenPlaylist>()

  async function isFresh({ url: address }: Listed, at_ms: number, now: typeof seen): Promise<boolean> {
    const before = seen.get(address)
    // An answer that is lost once says nothing: the playlist counts until it has stood still for too long.
    const text = await load(address).catch(() => before?.text)
    if (text === undefined) return false
    const changed_ms = before === undefined || before.text !== text ? at_ms : before.changed_ms
    now.set(address, { text, changed_ms })
    const target_s = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(text)?.[1] ?? 10)
    return at_ms - changed_ms <= STALE_TARGETS * target_s * 1000
  }

  return async function readLadder(at_ms) {
    const listed = readMaster(await load(url), url).slice(0, MOST)
    const now: typeof seen = new Map()
    const delivered = await Promise.all(
      heights.map(async (height) => {
        const own = listed.filter((rendition) => rendition.height === height)
        const fresh = await Promise.all(own.map((rendition) => isFresh(rendition, at_ms, now)))
        return fresh.some(Boolean)
      }),
    )
    seen = now
    const missing = heights.filter((_, at) => !delivered[at])
    const event: BeaconEvent<'hop'> = {
      kind: 'hop',
      hop: 'ladder',
      node,
      status: 'up',
      renditions_promised: heights.length,
      renditions_delivered: heights.length - missing.length,
      ...known({ reason: missing.length === 0 ? undefined : `missing ${missing.join(' ')}`.slice(0, 128) }),
    }
    return [{ source: 'ladder', context, events: [event] }]
  }
}
