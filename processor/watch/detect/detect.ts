import { isBranch } from '../../../schemas/metrics.ts'
import type { Holds } from '../holds.ts'
import type { StreamView } from '../windows/view.ts'
import { judgeAbsence } from './absence.ts'
import type { ActiveRule } from './activeRules.ts'
import { judgeAudience } from './audience.ts'
import { judgeBaseline } from './baseline.ts'
import { judgeBranch } from './branches.ts'
import { judgeMix } from './mix.ts'
import { judgeObjective } from './objective.ts'
import type { Observation } from './observation.ts'
import { isPoolRule } from './pools.ts'
import { SIGNALS, type Signal } from './signals.ts'
import { judgeSpread } from './spread.ts'
import type { StreamMemory } from './streamMemory.ts'
import { judgeUnusual } from './unusual.ts'

export interface DetectOptions {
  readonly view: StreamView
  readonly memory: StreamMemory
  readonly rules: readonly ActiveRule[]
  /** When nobody could be heard. */
  readonly holds: Pick<Holds, 'longest'>
  /** Whether an incident of the interaction hop is open, whose time is no example of normal. */
  readonly interaction_tainted: boolean
}

/** What every rule sees now, the surest of each rule first. Reads the memory, which must have been advanced to the view's watermark. */
export function detect(options: DetectOptions): Observation[] {
  const { view, memory, rules } = options
  const second = Math.floor(view.watermark_ms / 1000) - 1
  const farewell = memory.farewells.at(view.watermark_ms)
  const found: Observation[] = []
  for (const rule of rules) {
    const { spec } = rule
    if (spec.type === 'forecast')
      found.push(...memory.levels.judge(spec, second, options.interaction_tainted))
    else if (isPoolRule(spec)) found.push(...memory.pools.judge(spec, second))
    else if (isBranch(rule.metric)) found.push(...judgeBranch({ rule, view, holds: options.holds }))
    else if (spec.type === 'quorum') {
      if (!farewell.ended) found.push(...memory.checks.judge(spec, second))
    } else if (rule.metric === 'concurrent_plays') {
      const lane = memory.lanes.get('heartbeat')
      if (lane && spec.type === 'baseline' && !farewell.ended)
        found.push(...judgeAudience({ rule: spec, lane, second, holds: options.holds }))
    } else if (rule.metric === 'interactions_per_minute') {
      const lane = memory.lanes.get('interaction')
      if (lane && spec.type === 'mix') {
        const signal = { metric: rule.metric, hop: 'interaction', numerator: 'interactions_count' } as const
        found.push(...judgeMix({ signal, rule: spec, lane, second }))
      }
    } else {
      for (const signal of SIGNALS)
        if (signal.metric === rule.metric) found.push(...judgeSignal(signal, rule, options))
    }
  }
  // After a planned end every player runs dry: that is what an end looks like.
  if (farewell.ended) return found.filter(({ hop }) => hop === 'interaction')
  if (farewell.returning) return found.filter(({ hop, rule }) => hop === 'interaction' || rule === 'absence')
  return farewell.recovering ? found.filter(({ hop, rule }) => hop !== 'player' && rule !== 'quorum') : found
}

function judgeSignal(signal: Signal, { spec, objective }: ActiveRule, options: DetectOptions): Observation[] {
  const { view, memory, holds } = options
  const second = Math.floor(view.watermark_ms / 1000) - 1
  if (spec.type === 'absence') {
    return judgeAbsence({
      signal,
      rule: spec,
      view,
      farewell: memory.farewells.at(view.watermark_ms),
      holds,
    })
  }
  if (spec.type === 'unusual')
    return [...judgeUnusual({ signal, rule: spec, view, memory: memory.unusual, second })]
  const lane = memory.lanes.get(signal.lane)
  if (lane === undefined) return []
  if (spec.type === 'baseline')
    return judgeBaseline({ signal, rule: spec, lane, second, objective, starts: memory.lanes.get('startup') })
  if (spec.type === 'spread') return judgeSpread({ signal, rule: spec, lane, second })
  if (spec.type === 'objective') {
    const observation = judgeObjective({ signal, rule: spec, view, lane, objective })
    return observation ? [observation] : []
  }
  return []
}
