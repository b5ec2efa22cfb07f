import { join } from 'node:path'
import { openKafkaLog } from '../log/kafka.ts'
import type { Log } from '../log/log.ts'
import { topics } from '../schemas/topics.ts'
import type { Context } from './context.ts'

/** The log on Kafka; a module of its own, so that a laptop never loads kafkajs. */
export async function openKafka({ config, name, emit, clock }: Context): Promise<Log> {
  const { brokers, partitions, replication, compression } = config.log
  if (brokers.length === 0) {
    throw Object.assign(new Error('log.brokers is empty: set FIRSTFRAME_LOG_BROKERS=host:port,host:port.'), {
      expected: true,
    })
  }
  return openKafkaLog({
    brokers,
    clientId: name,
    topics: topics(partitions),
    replication,
    compression,
    emit,
    clock,
  })
}

export const spillFolder = (data: string): string => join(data, 'spill')
