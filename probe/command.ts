import type { LookupFunction } from 'node:net'
import type { ProbeLimits } from '../schemas/probeReasons.ts'
import { browserPicture } from './browser/browserPicture.ts'
import { BrowserMissing } from './browser/launch.ts'
import { type CheckResult, check, NotCheckable } from './check.ts'
import type { Clock } from './clock.ts'
import { waterfall } from './waterfall.ts'

export interface RunCheckOptions {
  readonly url: string
  /** Print the whole result as one JSON object instead of the waterfall. */
  readonly json?: boolean
  /** How long to watch, s. */
  readonly duration?: number
  /** The bitrate the stream should have, kbps. */
  readonly declared?: number
  /** Also play it in a real browser. */
  readonly browser?: boolean
  /** Chromium's path; default: the usual places. */
  readonly chromium?: string
  /** Request headers, as `Name: value`. */
  readonly header?: readonly string[]
  readonly variant?: 'first' | 'highest' | 'lowest'
  readonly limits?: Partial<ProbeLimits>
  /** Private networks that the stream may lead to. */
  readonly allow_networks?: readonly string[]
  readonly lookup?: LookupFunction
  readonly ca?: string
}

export interface CommandIo {
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
  readonly clock: Clock
  readonly colour: boolean
  readonly signal?: AbortSignal
}

/** Exit codes of `firstframe check`. */
export const EXIT = { healthy: 0, unhealthy: 1, notChecked: 2 } as const

/** `{ Referer: 'https://…' }` of `['Referer: https://…']`. Throws `NotCheckable` for a line without a colon. */
export function readHeaders(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      if (colon < 1) throw new NotCheckable(`a header is written as "Name: value", not "${line}"`)
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}

/** What `--json` prints: the verdict and its numbers first, everything seen after them. */
export function resultAsJson({ seen, memory: _memory, ...result }: CheckResult): string {
  const shown = (_key: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
  const { live, picture, ...rest } = seen
  // Each frame of a running stream, and the picture itself, would bury the rest.
  const brief = {
    ...rest,
    ...(picture && { picture: { ...picture, shot: undefined } }),
    ...(live && { live: { ...live, frames: live.frames.length } }),
  }
  return `${JSON.stringify({ ...result, seen: brief }, shown)}\n`
}

/** `firstframe check URL`: one check by hand. Resolves with the exit code: 0 healthy, 1 not healthy, 2 could not check. */
export async function runCheck(options: RunCheckOptions, io: CommandIo): Promise<number> {
  try {
    const headers = readHeaders(options.header ?? [])
    const result = await check(options.url, {
      clock: io.clock,
      headers,
      duration_ms: options.duration === undefined ? undefined : options.duration * 1000,
      allow_networks: options.allow_networks,
      declared_kbps: options.declared,
      variant: options.variant,
      limits: options.limits,
      lookup: options.lookup,
      ca: options.ca,
      signal: io.signal,
      ...(options.browser
        ? {
            picture: browserPicture({
              clock: io.clock,
              ...(options.chromium ? { chromium: options.chromium } : {}),
            }),
          }
        : {}),
    })
    io.write(options.json ? resultAsJson(result) : waterfall(result, { colour: io.colour }))
    return result.verdict === 'healthy' ? EXIT.healthy : EXIT.unhealthy
  } catch (error) {
    if (!(error instanceof NotCheckable) && !(error instanceof BrowserMissing)) throw error
    io.writeError(`could not check: ${error.message}\n`)
    return EXIT.notChecked
  }
}
