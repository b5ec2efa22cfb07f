import type { Watcher } from '../watcher.ts'
import { type StageOneOptions, startStageOne } from './stageOne.ts'
import { type StageTwoOptions, startStageTwo } from './stageTwo.ts'

/** Both stages in one process: each takes its share of partitions, beside other watchers' processes. */
export async function startStages(
  options: StageTwoOptions & Pick<StageOneOptions, 'onSetBack'>,
): Promise<Watcher> {
  const { log, emit, clock, onSetBack } = options
  const two = await startStageTwo(options)
  const one = await startStageOne({ log, emit, clock, onSetBack })
  emit({ type: 'started', role: 'watch' })
  return {
    get watermark_ms() {
      return two.watermark_ms
    },
    get streams() {
      return two.streams
    },
    async close() {
      await one.close()
      await two.close()
      emit({ type: 'stopped', role: 'watch' })
    },
  }
}
