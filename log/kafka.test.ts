import { after, before } from 'node:test'
import { type Kafka, startKafka } from '../test/kafka/start.ts'
import { logContract } from './contract.ts'
import { openKafkaLog } from './kafka.ts'

let kafka: Kafka
before(async () => {
  kafka = await startKafka({ brokers: 1 })
})
after(() => kafka?.stop())

const options = () => ({ brokers: kafka.bootstrap, session_ms: 6_000, emit: () => {}, clock: Date.now })

logContract('kafka', {
  open: (at, topics) => openKafkaLog({ ...options(), clientId: at, topics }),
  child: () => ({ kind: 'kafka', brokers: kafka.bootstrap }),
  patience_ms: 20_000,
})
