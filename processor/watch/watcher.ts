import { type StageOneOptions, startStageOne } from './partial/stageOne.ts'
import { type StageThreeOptions, startStageThree } from './partial/stageThree.ts'
import { type StageTwoOptions, startStageTwo } from './partial/stageTwo.ts'

export type WatcherOptions = Omit<StageOneOptions & StageTwoOptions & StageThreeOptions, 'group'>

export interface Watcher {
  /** Everything received before this is judged; 0 before the first tick, MAX_SAFE_INTEGER while others judge everything. */
  readonly watermark_ms: number
  readonly streams: number
  close(): Promise<void>
}

/**
 * Judges the log as it comes, in three stages that hand on through it. On Kafka each takes its share of partitions beside other
 * watchers' processes; an embedded log has one partition, and one watcher has all of it.
 */
export async function startWatcher(options: WatcherOptions): Promise<Watcher> {
  const three = await startStageThree(options)
  const two = await startStageTwo(options)
  const entry = await startStageOne(options)
  options.emit({ type: 'started', role: 'watch' })
  return {
    get watermark_ms() {
      return two.watermark_ms
    },
    get streams() {
      return two.streams
    },
    async close() {
      await entry.close()
      await two.close()
      await three.close()
      options.emit({ type: 'stopped', role: 'watch' })
    },
  }
}
