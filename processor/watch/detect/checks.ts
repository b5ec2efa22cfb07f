import type { Hop } from '../../../schemas/kinds/kinds.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Cells } from '../windows/view.ts'
import type { Observation } from './observation.ts'
import { threshold } from './tails.ts'

interface Check {
  readonly target: string
  readonly hop: Hop
  readonly region: string
  readonly cdn: string
  second: number
  failing_since: number
  /** Failed checks in a row. */
  failures: number
  reason: string
}

/** The last word of every probe: a target seen from a region. */
export class Checks {
  private readonly checks = new Map<string, Check>()

  /** Reads one second of the probe kind. `cells.sums`: failed checks, checks. */
  read(second: number, cells: Cells): void {
    const at = (name: string) => cells.dimensions.indexOf(name)
    const [target, region, hop, cdn, reason] = [
      at('target'),
      at('region'),
      at('hop'),
      at('cdn'),
      at('reason'),
    ]
    const text = (dimension: number, row: number) =>
      dimension < 0 ? '' : cells.values[dimension]![cells.codes[dimension]![row]!]!
    for (let row = 0; row < cells.rows; row += 1) {
      if (cells.sums[1]![row]! <= 0) continue
      const key = `${text(target, row)}\0${text(region, row)}`
      const known = this.checks.get(key)
      const check: Check = known ?? {
        target: text(target, row),
        hop: (text(hop, row) || 'edge') as Hop,
        region: text(region, row),
        cdn: text(cdn, row),
        second,
        failing_since: 0,
        failures: 0,
        reason: '',
      }
      const failed = cells.sums[0]![row]! > 0
      check.second = second
      if (failed && check.failures === 0) check.failing_since = second
      check.failures = failed ? check.failures + 1 : 0
      check.reason = failed ? text(reason, row) : ''
      this.checks.set(key, check)
    }
  }

  /**
   * Enough places agree that a target fails. With fewer places than the rule wants, one place must see it twice:
   * a single failure may be the probe's own network.
   */
  judge(rule: Extract<RuleSpec, { type: 'quorum' }>, second: number): Observation[] {
    const targets = new Map<string, Check[]>()
    for (const [key, check] of this.checks) {
      if (second - check.second > 10 * rule.window_s) this.checks.delete(key)
      else if (second - check.second <= rule.window_s) {
        const same = targets.get(check.target)
        if (same) same.push(check)
        else targets.set(check.target, [check])
      }
    }
    const found: Observation[] = []
    for (const [target, places] of targets) {
      const failing = places.filter(({ failures }) => failures > 0)
      if (failing.length === 0) continue
      const wanted = Math.min(rule.at_least, places.length)
      const agreed =
        failing.length >= wanted && (wanted >= rule.at_least || failing.some(({ failures }) => failures >= 2))
      const { hop, cdn, reason } = failing[0]!
      found.push({
        metric: 'probe_failure',
        rule: 'quorum',
        severity: rule.severity,
        hop,
        scope: cdn === '' || places.length === 0 ? { target } : { cdn, target },
        now: failing.length / places.length,
        baseline: 0,
        score: agreed ? 2 * threshold(1) : 6,
        threshold: threshold(1),
        firing: agreed,
        onset_ms: Math.min(...failing.map(({ failing_since }) => failing_since)) * 1000,
        note: reason,
      })
    }
    return found
  }
}
