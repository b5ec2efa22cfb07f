import type { Consumer } from './kafkajs.ts'

/**
 * Commits by kafkajs's public commit, which does nothing, silently, while the consumer stops: so it counts when kafkajs
 * has said that it was done. Only for a time before the first batch; a batch brings a commit that tells.
 */
export async function commitSeen(
  consumer: Consumer,
  offset: { topic: string; partition: number; offset: string; metadata: string | null },
): Promise<void> {
  let seen = false
  const off = consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
    const ofTopic = payload.topics.filter(({ topic }) => topic === offset.topic)
    if (
      ofTopic.some(({ partitions }) =>
        partitions.some((entry) => Number(entry.partition) === offset.partition),
      )
    )
      seen = true
  })
  try {
    await consumer.commitOffsets([offset])
  } finally {
    off()
  }
  if (!seen) throw new Error('the consumer is stopping')
}

/** A promise that another resolves. */
export interface Deferred {
  readonly done: Promise<void>
  readonly resolve: () => void
}

export function deferred(): Deferred {
  let resolve = (): void => {}
  const done = new Promise<void>((settle) => {
    resolve = settle
  })
  return { done, resolve }
}
