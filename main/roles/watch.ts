import type { Log } from '../../log/log.ts'
import { createJudge } from '../../processor/watch/incident/judge.ts'
import { startStages } from '../../processor/watch/partial/stages.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import type { Context, Role } from '../context.ts'

/** Nothing judged for longer than this makes the watcher not ready. */
const BEHIND_MS = 15_000

/** Judges the log as it comes: alone on an embedded log, in two stages with others on Kafka. */
export async function startWatch({ config, emit, clock }: Context, log: Log): Promise<Role> {
  const newJudge = () => createJudge({ emit })
  const watcher =
    config.log.kind === 'embedded'
      ? await startWatcher({ log, judge: newJudge(), emit, clock })
      : await startStages({ log, createJudge: newJudge, emit, clock })
  return {
    name: 'watch',
    readiness() {
      if (watcher.watermark_ms === 0) return undefined
      const behind = clock() - watcher.watermark_ms
      return behind < BEHIND_MS
        ? undefined
        : `nothing is judged since ${Math.round(behind / 1000)} s: do collectors tick?`
    },
    close: () => watcher.close(),
  }
}
