import { Audience } from './audience.ts'
import { Game } from './game.ts'
import { Link } from './link.ts'
import { Probes } from './probes.ts'
import { Rewards } from './rewards.ts'
import { type Batch, Rows } from './rows.ts'
import type { Scenario } from './scenarioSchema.ts'
import { createStage, type Trouble } from './stage.ts'

/** A show that is being played. */
export interface Show {
  readonly start_time: number
  readonly length_ms: number
  readonly troubles: readonly Trouble[]
  /**
   * Lets the show go on until `to_ms` from its start and gives what was reported since the last time.
   * Some rows may carry a received time a little beyond it: they were on their way.
   */
  advance(to_ms: number): Batch[]
  /** Viewers watching now. */
  readonly alive: number
}

export interface ShowOptions {
  readonly scenario: Scenario
  /** Takes the place of the scenario's own. */
  readonly seed?: number
  readonly tenant?: string
  /** When it begins, ms since the epoch, whole seconds. */
  readonly start_time: number
}

/** Steps in which faults begin and end. */
const STEP_MS = 100

/** Plays a scenario under an injected clock: columns of everything that would have been reported. */
export function createShow({
  scenario,
  seed = scenario.seed ?? 1,
  tenant = 'rehearsal',
  start_time,
}: ShowOptions): Show {
  const rows = new Rows({
    tenant,
    show: scenario.show ?? 'rehearsal',
    stream: scenario.stream ?? 'main',
    source: 'rehearsal',
    collector: 'rehearsal',
  })
  const stage = createStage({ scenario, rows, start_time, seed })
  const audience = new Audience(stage)
  const link = new Link(stage, audience)
  const game = new Game(stage, audience)
  const rewards = new Rewards(stage)
  const probes = new Probes(stage)
  const pulses = [...stage.pulses].sort((a, b) => a.from_ms - b.from_ms)
  let now = 0
  let pulse = 0

  function step(to_ms: number): void {
    for (const trouble of stage.troubles) {
      const active = to_ms > trouble.from_ms && to_ms <= trouble.to_ms
      if (active === trouble.active) continue
      trouble.active = active
      audience.faultChanged(trouble, to_ms - STEP_MS)
      link.outageChanged(to_ms - STEP_MS)
    }
    while (pulse < pulses.length && pulses[pulse]!.from_ms < to_ms) {
      const { joins, from_ms, to_ms: until } = pulses[pulse]!
      audience.startPulse(joins, from_ms, until)
      pulse += 1
    }
    audience.advance(to_ms)
    link.advance(to_ms)
    game.advance(to_ms)
    rewards.advance(to_ms)
    probes.advance(to_ms)
  }

  return {
    start_time,
    length_ms: stage.length_ms,
    troubles: stage.troubles,
    advance(to_ms) {
      while (now < to_ms) {
        now = Math.min(now + STEP_MS, to_ms)
        step(now)
      }
      return rows.take()
    },
    get alive() {
      return audience.alive
    },
  }
}
