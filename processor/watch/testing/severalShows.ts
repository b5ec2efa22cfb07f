import type { Scenario } from '../../../rehearsal/scenarioSchema.ts'
import { createShow } from '../../../rehearsal/show.ts'
import type { IncidentChange } from '../../../schemas/incident.ts'
import { createJudge, type Judge, type JudgeOptions } from '../incident/judge.ts'
import { createWatchCore } from '../watchCore.ts'

export const SHOWS_START = Date.UTC(2026, 10, 21, 12)

/** Plays several shows at once through the real dedupe, windows and judge, in virtual time. */
export class SeveralShows {
  at_s = 0
  readonly judge: Judge
  readonly changes: (IncidentChange & { readonly at_s: number })[] = []
  private readonly core = createWatchCore({ emit: () => {} })
  private readonly shows

  constructor(scenarios: readonly Scenario[], options: Partial<JudgeOptions> = {}) {
    this.shows = scenarios.map((scenario, index) =>
      createShow({ scenario, seed: index + 1, start_time: SHOWS_START }),
    )
    this.judge = createJudge({
      emit: (fact) => {
        if (fact.type === 'bug') throw fact.error
      },
      ...options,
    })
  }

  play(until_s: number): void {
    while (this.at_s < until_s) {
      this.at_s += 1
      // Each show is a source partition of its own: its sessions' numbers are its own.
      for (const [partition, show] of this.shows.entries())
        for (const { kind, bytes } of show.advance(this.at_s * 1000))
          this.core.ingest({ kind, partition, bytes })
      const watermark_ms = SHOWS_START + this.at_s * 1000
      this.core.advance(watermark_ms)
      const { changes } = this.judge.evaluate({ views: this.core.windows.streams.values(), watermark_ms })
      this.changes.push(...changes.map((change) => ({ ...change, at_s: this.at_s })))
    }
  }

  get pages() {
    return this.changes.filter(({ notify }) => notify === 'page')
  }
}
