import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { BeaconEvent } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { kbpsOf, known } from './counters.ts'

/** Size of a recording on this machine's disk, bytes; undefined: there is no such file. */
export type FileBytes = (path: string) => Promise<number | undefined>

/** Size of a file in bytes; undefined when it is missing. */
export const fileBytes: FileBytes = async (path) => (await stat(path).catch(() => undefined))?.size

/**
 * A recording that a server says is done. On the server's own machine (`bytesOf`) its file is looked at: one that is missing or empty is `lost`.
 */
export async function recorded(
  { node, path, duration_ms }: { node: string; path: string; duration_ms?: number },
  bytesOf: FileBytes | undefined,
): Promise<BeaconEvent<'hop'>> {
  const base = { kind: 'hop', hop: 'record', node } as const
  if (bytesOf === undefined || path === '')
    return { ...base, event: 'record', ...known({ segment_duration_ms: duration_ms }) }
  const bytes = await bytesOf(path)
  if (!bytes) return { ...base, event: 'lost', reason: bytes === undefined ? 'missing' : 'empty' }
  const bitrate_out_kbps = duration_ms === undefined ? undefined : kbpsOf(bytes, duration_ms)
  return {
    ...base,
    event: 'record',
    bytes_out: bytes,
    ...known({ segment_duration_ms: duration_ms, bitrate_out_kbps }),
  }
}

/** A recording's stream by its file's name, without the extension and the time that recorders append: `show-1795790218.flv` → `show`. */
const streamOfFile = (name: string): string =>
  basename(name, extname(name)).replace(/[-_](?=\d)[\d_T:.Z-]+$/, '')

/** A file that has not grown for so long is looked at seldom. */
const GROWS_MS = 60_000
/** Every so many readings all files are looked at. */
const ALL_EVERY = 60

interface SeenFile {
  readonly bytes: number
  /** When it grew last, ms. */
  readonly grown_ms: number
}

/**
 * A reader of a folder that a recorder writes to: every stream whose files grew since the reading before is `up`, with the bitrate written. A
 * recorder that stops is silent, and the rule of absence judges it while the stream runs.
 */
export function recordingsReader(options: {
  readonly folder: string
  readonly node: string
  readonly context: ClientContext
}): (at_ms: number) => Promise<EventGroup[]> {
  const { folder, node, context } = options
  let files = new Map<string, SeenFile>()
  let last_ms: number | undefined
  let readings = 0

  return async function readRecordings(at_ms) {
    const all = readings % ALL_EVERY === 0
    readings += 1
    const now = new Map<string, SeenFile>()
    const grown = new Map<string, number>()
    for (const name of await readdir(folder)) {
      const before = files.get(name)
      if (!all && before !== undefined && at_ms - before.grown_ms > GROWS_MS) {
        now.set(name, before)
        continue
      }
      const bytes = await fileBytes(join(folder, name))
      if (bytes === undefined) continue
      // What was there before the first reading is not new.
      const more = last_ms === undefined ? 0 : Math.max(0, bytes - (before?.bytes ?? 0))
      now.set(name, { bytes, grown_ms: more > 0 || before === undefined ? at_ms : before.grown_ms })
      if (more > 0) grown.set(streamOfFile(name), (grown.get(streamOfFile(name)) ?? 0) + more)
    }
    const interval_ms = Math.round(at_ms - (last_ms ?? at_ms))
    files = now
    last_ms = at_ms
    return [...grown].map(([stream, bytes_out]): EventGroup => {
      const rate = known({ bitrate_out_kbps: kbpsOf(bytes_out, interval_ms) })
      const event: BeaconEvent<'hop'> = {
        kind: 'hop',
        hop: 'record',
        node,
        status: 'up',
        interval_ms,
        bytes_out,
        ...rate,
      }
      return { source: 'recordings', context: { ...context, stream }, events: [event] }
    })
  }
}
