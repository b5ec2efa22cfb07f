import { createBuilder } from '../../../schemas/arrow/builder.ts'
import type { IncidentChange } from '../../../schemas/incident.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
import type { Marked } from '../../../schemas/mark.ts'
import type { RuleSet } from '../detect/activeRules.ts'
import type { Holds } from '../holds.ts'
import { createJudge, type Judge } from '../incident/judge.ts'
import { createWatchCore } from '../watchCore.ts'
import type { StreamView } from '../windows/view.ts'
import { type Row, RUN_START } from './stands.ts'

export { RUN_START }
export const RUN_STREAM = { tenant: 't', show: 's', stream: 'x' } as const

/** A stream that is judged second by second through the real dedupe, windows and judge. */
export class Run {
  at_s = 0
  judge: Judge
  readonly changes: IncidentChange[] = []
  private readonly core = createWatchCore({ emit: () => {} })
  private readonly create: () => Judge

  private readonly holds: Holds | undefined

  constructor({
    holds,
    ...options
  }: {
    readonly rules?: RuleSet
    readonly holds?: Holds
    readonly marks?: ReadonlyMap<string, Marked>
  } = {}) {
    this.holds = holds
    this.create = () => createJudge({ ...options, emit: () => {} })
    this.judge = this.create()
  }

  /** Plays one second: rows by kind, received in its middle. */
  second(rows: Partial<Record<Kind, readonly Row[]>>): void {
    const received_time = RUN_START + this.at_s * 1000 + 500
    const common = { ...RUN_STREAM, source: 'sdk', received_time, event_time: received_time }
    for (const [kind, all] of Object.entries(rows) as [Kind, readonly Row[]][]) {
      if (all.length === 0) continue
      const builder = createBuilder(kind)
      for (const row of all) builder.pushRow({ ...common, ...row })
      this.core.ingest({ kind, partition: 0, bytes: builder.finish() })
    }
    this.at_s += 1
    this.core.advance(this.now_ms)
    const { changes } = this.judge.evaluate({
      views: this.core.windows.streams.values(),
      watermark_ms: this.now_ms,
      holds: this.holds,
    })
    this.changes.push(...changes)
  }

  get streamCount(): number {
    return this.core.windows.streamCount
  }

  /** The stream that is played. */
  get view(): StreamView {
    const { tenant, show, stream } = RUN_STREAM
    return this.core.windows.stream(tenant, show, stream)
  }

  get now_ms(): number {
    return RUN_START + this.at_s * 1000
  }

  get open() {
    return this.judge.incidents.filter(({ state }) => state === 'open')
  }

  /** What receivers were told, in order. */
  get told(): string[] {
    return this.changes.filter(({ notify }) => notify !== 'nothing').map(({ notify }) => notify)
  }
}
