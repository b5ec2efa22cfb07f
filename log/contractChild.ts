/** The other process of the contract's tests: it appends or reads, says `done`, and waits to be killed. */
import type { Log, TopicSpec } from './log.ts'

interface Task {
  readonly kind: 'embedded' | 'kafka'
  readonly path: string
  readonly brokers: readonly string[]
  readonly topics: readonly TopicSpec[]
  readonly append?: { readonly topic: string; readonly count: number }
  readonly read?: { readonly topic: string; readonly group: string }
}

const task = JSON.parse(process.argv[2]!) as Task
const log = await openLog()

if (task.append !== undefined) {
  const { topic, count } = task.append
  for (let i = 0; i < count; i += 1) {
    await log.append([{ topic, partition: 0, headers: {}, value: Buffer.from(`m${i}`) }])
  }
  done()
}
if (task.read !== undefined) {
  const { topic, group } = task.read
  let seen = 0
  await log.subscribe({
    group,
    topics: [topic],
    handler: async (batch) => {
      seen += batch.records.length
      if (seen >= 2) done()
      await new Promise(() => {})
    },
  })
}
setInterval(() => {}, 1_000)

function done(): void {
  process.stdout.write('done\n')
}

async function openLog(): Promise<Log> {
  const common = { topics: task.topics, emit: () => {}, clock: Date.now }
  if (task.kind === 'kafka') {
    const { openKafkaLog } = await import('./kafka.ts')
    return openKafkaLog({ ...common, brokers: task.brokers, clientId: 'contract-child', session_ms: 6_000 })
  }
  const { openEmbeddedLog } = await import('./embedded.ts')
  return openEmbeddedLog({ ...common, path: task.path })
}
