import type { Log } from '../../log/log.ts'
import { createJudge } from '../../processor/watch/incident/judge.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import type { Context, Role } from '../context.ts'

/** Nothing judged for longer than this makes the watcher not ready. */
const BEHIND_MS = 15_000

/** Judges the log as it comes. */
export async function startWatch({ emit, clock }: Context, log: Log): Promise<Role> {
  const judge = createJudge({ emit })
  const watcher = await startWatcher({ log, judge, emit, clock })
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
