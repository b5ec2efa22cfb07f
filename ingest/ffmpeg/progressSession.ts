import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { EventGroup } from '../../schemas/eventRoute.ts'
import { increase } from '../counters.ts'
import { type ProgressMoment, progressEvent, progressReader } from './progress.ts'

/** What an ffmpeg can be on the link, or beside it. */
const HOPS = ['encoder', 'transcode', 'push', 'standby', 'record'] as const
export type ProgressHop = (typeof HOPS)[number]

/** What a report says its ffmpeg is; an encoder, unless it says something else. */
export const progressHop = (given: string | null): ProgressHop =>
  HOPS.find((hop) => hop === given) ?? 'encoder'

export interface ProgressSessionOptions {
  readonly hop?: ProgressHop
  readonly node: string
  readonly tenant?: string
  readonly context: ClientContext & { readonly stream: string }
}

export interface ProgressSession {
  /** Text of the report, as it came. */
  readonly read: (text: string, at_ms: number) => EventGroup[]
  /** The report broke off: without a `progress=end` before, ffmpeg was killed or its line was cut. */
  readonly lost: () => EventGroup[]
}

/** One ffmpeg's report from its first block to its last. */
export function progressSession(options: ProgressSessionOptions): ProgressSession {
  const { hop = 'encoder', node, context } = options
  const read = progressReader()
  let before: ProgressMoment | undefined
  let first: ProgressMoment | undefined
  let ended = false
  const group = (events: readonly BeaconEvent[]): EventGroup[] =>
    events.length === 0
      ? []
      : [
          {
            tenant: options.tenant,
            source: 'ffmpeg',
            context,
            events,
          },
        ]
  return {
    read: (text, at_ms) =>
      group(
        read(text).map((progress) => {
          const now = { progress, at_ms }
          const event = { ...progressEvent(now, before, { hop, node }), ...lagOf(hop, now, first) }
          before = now
          first ??= now
          ended = progress.ended
          return event
        }),
      ),
    lost: () => {
      if (ended || before === undefined) return []
      ended = true
      return group([{ kind: 'hop', hop, node, status: 'down', event: 'lost' }])
    },
  }
}

/** How much less of the media than of time has passed since the first report: a push that cannot keep up falls behind its source. */
function lagOf(
  hop: ProgressHop,
  now: ProgressMoment,
  first: ProgressMoment | undefined,
): { lag_ms?: number } {
  const media_us = increase(now.progress.out_time_us, first?.progress.out_time_us)
  if (hop !== 'push' || first === undefined || media_us === undefined) return {}
  return { lag_ms: Math.min(LAG_MOST_MS, Math.max(0, now.at_ms - first.at_ms - media_us / 1000)) }
}

const LAG_MOST_MS = 3_600_000
