import { join } from 'node:path'
import { openKafkaLog } from '../log/kafka.ts'
import type { Log } from '../log/log.ts'
import { openSpillingLog } from '../log/spill.ts'
import { topics } from '../schemas/topics.ts'
import type { Context } from './context.ts'
import { expectedError } from './expected_error.ts'

/**
 * The log on Kafka; a module of its own, so that a laptop never loads kafkajs.
 * @param spill whether what is appended while Kafka is away waits on this machine's disk: the collector's, whose senders do
 *   not wait, while writers and watchers can
 */
export async function openKafka(
  { config, name, data, emit, clock }: Context,
  { spill }: { readonly spill: boolean },
): Promise<Log> {
  const { brokers, partitions, replication, compression, spill_bytes } = config.log
  if (brokers.length === 0)
    throw expectedError('log.brokers is empty: set FIRSTFRAME_LOG_BROKERS=host:port,host:port.')
  const inner = await openKafkaLog({
    brokers,
    clientId: name,
    topics: topics(partitions),
    ...(replication === 0 ? {} : { replication }),
    compression,
    // An append that is given up before the spill takes it cannot go in twice. Leaders move in 3 to 8 s.
    ...(spill ? { giveUpAfter_ms: 6_000 } : {}),
    emit,
    clock,
  })
  return spill
    ? openSpillingLog({
        inner,
        path: join(data, 'spill'),
        maxBytes: spill_bytes,
        patience_ms: 7_000,
        emit,
        clock,
      })
    : inner
}
