import type { RuleSet } from '../processor/watch/detect/activeRules.ts'
import type { Observation } from '../processor/watch/detect/observation.ts'
import { createJudge } from '../processor/watch/incident/judge.ts'
import { summaries } from '../processor/watch/incident/text.ts'
import { createWatchCore } from '../processor/watch/watchCore.ts'
import { mapDimensions } from '../rehearsal/history/dimensionMap.ts'
import { createHistoryAudience, HISTORY_STREAM } from '../rehearsal/history/historyAudience.ts'
import type { History } from '../rehearsal/history/readHistory.ts'
import type { Emit } from '../schemas/facts.ts'
import { expectedError } from './expectedError.ts'

export interface JudgeHistoryOptions {
  readonly history: History
  readonly rules: RuleSet
  /** Mean of the exponential part of a stall, ms. */
  readonly stall_ms: number
  /** Larger audiences are thinned to so many sessions. */
  readonly viewers: number
  readonly seed: number
  /** Epoch seconds at which to stop; default: the history's end. */
  readonly until_s?: number
  /** Called after each second that was judged, with what the rules saw, also what was too weak. */
  readonly observe?: (at_s: number, seen: readonly Observation[]) => void
}

/** A change of an incident, as the history's owner would have been told it. */
export interface JudgedChange {
  /** Epoch seconds: the moment at which it was judged. */
  readonly at: number
  readonly change: 'opened' | 'updated' | 'reopened' | 'resolved'
  readonly notify: 'page' | 'update' | 'resolve' | 'nothing'
  readonly severity: string
  readonly summary: string
  readonly hop: string
  /** In the file's own columns and values; `{}` is everywhere. */
  readonly cause: Readonly<Record<string, string>>
  /** 0…1: how sure it is that exactly this is the cause. */
  readonly confidence: number
  /** Viewers of the history, also where fewer sessions were played. */
  readonly viewers: number
}

/**
 * Plays a history as heartbeats through the real dedupe, windows, detection, localisation and incidents in virtual time, and
 * says what would have been paged. The same options give the same answer.
 */
export function judgeHistory({
  history,
  rules,
  stall_ms,
  viewers,
  seed,
  until_s = Number.POSITIVE_INFINITY,
  observe,
}: JudgeHistoryOptions): JudgedChange[] {
  const map = mapDimensions(history)
  if ('message' in map) throw expectedError(map.message)
  // A fault of ours must not look like a quiet history.
  const emit: Emit = (fact) => {
    if (fact.type === 'bug' || fact.type === 'watch_skipped') throw fact.error
  }
  const audience = createHistoryAudience({ history, map, stall_ms, viewers, seed })
  const core = createWatchCore({ emit })
  const judge = createJudge({ rules, emit })
  const changes: JudgedChange[] = []
  for (let second = audience.from_s; second < Math.min(audience.to_s, until_s); second += 1) {
    const batch = audience.second(second)
    if (batch !== undefined) core.ingest({ kind: batch.kind, partition: 0, bytes: batch.bytes })
    const watermark_ms = (second + 1) * 1000
    core.advance(watermark_ms)
    const judged = judge.evaluate({ views: core.windows.streams.values(), watermark_ms })
    for (const { change, notify, incident } of judged.changes) {
      const scaled = Math.round(incident.viewers / audience.share)
      const { en } = summaries({ ...incident, viewers: scaled, rule: incident.rule.split('-')[1]! })
      changes.push({
        at: second + 1,
        change,
        notify,
        severity: incident.severity,
        summary: en,
        hop: incident.hop,
        cause: map.back(incident.cause),
        confidence: Math.round(incident.confidence * 1000) / 1000,
        viewers: scaled,
      })
    }
    observe?.(second + 1, judge.seen(HISTORY_STREAM))
  }
  return changes
}
