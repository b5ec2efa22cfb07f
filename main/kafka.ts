import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKafkaLog } from '../log/kafka.ts'
import { type KafkaConnection, kafkaClient } from '../log/kafkajs.ts'
import type { Log } from '../log/log.ts'
import { openSpillingLog } from '../log/spill.ts'
import { topics } from '../schemas/topics.ts'
import type { Context } from './context.ts'
import { expectedError } from './expectedError.ts'

/** How the brokers are reached, by settings that `loadConfig` has checked. */
export function kafkaSecurity(log: Context['config']['log']): Pick<KafkaConnection, 'ssl' | 'sasl'> {
  const { tls, tls_ca, sasl, username, password } = log
  const readCa = (): string => {
    try {
      return readFileSync(tls_ca, 'utf8')
    } catch (error) {
      throw expectedError(`log.tls_ca: ${(error as Error).message}`)
    }
  }
  return {
    ...(tls ? { ssl: tls_ca === '' ? {} : { ca: readCa() } } : {}),
    ...(sasl === 'none'
      ? {}
      : {
          sasl: { mechanism: sasl as NonNullable<KafkaConnection['sasl']>['mechanism'], username, password },
        }),
  }
}

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
  const inner = await openKafkaLog({
    brokers,
    ...kafkaSecurity(config.log),
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
        max_bytes: spill_bytes,
        patience_ms: 7_000,
        emit,
        clock,
      })
    : inner
}

/** Asks the brokers what there is, for `firstframe doctor`; rejects when they do not answer or do not let us in. */
export async function inspectKafka(log: Context['config']['log']): Promise<{
  readonly brokers: number
  /** Number of partitions by topic. */
  readonly topics: ReadonlyMap<string, number>
}> {
  const connection = { brokers: log.brokers, clientId: 'firstframe-doctor', ...kafkaSecurity(log) }
  const admin = kafkaClient(connection, () => {}).admin()
  try {
    await admin.connect()
    const [{ brokers }, { topics }] = await Promise.all([admin.describeCluster(), admin.fetchTopicMetadata()])
    return {
      brokers: brokers.length,
      topics: new Map(topics.map(({ name, partitions }) => [name, partitions.length])),
    }
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}
