import type { Watcher } from '../watcher.ts'
import { type StageOneOptions, startStageOne } from './stageOne.ts'
import { type StageThreeOptions, startStageThree } from './stageThree.ts'
import { type StageTwoOptions, startStageTwo } from './stageTwo.ts'

/** All stages in one process: each takes its share of partitions, beside other watchers' processes. */
export async function startStages(
  options: StageTwoOptions &
    Pick<StageOneOptions, 'onSetBack'> &
    Pick<StageThreeOptions, 'notifier' | 'plans'>,
): Promise<Watcher> {
  const { log, emit, clock, onSetBack, notifier, plans } = options
  const three = await startStageThree({ log, notifier, emit, plans })
  const two = await startStageTwo(options)
  const entry = await startStageOne({ log, emit, clock, onSetBack })
  emit({ type: 'started', role: 'watch' })
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
      emit({ type: 'stopped', role: 'watch' })
    },
  }
}
