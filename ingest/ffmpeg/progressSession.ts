import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { EventGroup } from '../../schemas/eventRoute.ts'
import { type ProgressMoment, progressEvent, progressReader } from './progress.ts'

export interface ProgressSessionOptions {
  readonly hop?: 'encoder' | 'transcode'
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
          const event = progressEvent(now, before, { hop, node })
          before = now
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
