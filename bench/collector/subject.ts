/** The whole collector in front of a real embedded log. Arguments: a folder for the log. */
import type { AddressInfo } from 'node:net'
import { createCollector } from '../../collector/collector.ts'
import { openEmbeddedLog } from '../../log/embedded.ts'
import { topics } from '../../schemas/topics.ts'
import { answerUsage } from './usage.ts'

const emit = () => undefined
const clock = Date.now
const log = await openEmbeddedLog({
  path: process.argv[2]!,
  topics: topics(1),
  max_bytes: 512 << 20,
  whenFull: 'trim_oldest',
  emit,
  clock,
})
const collector = createCollector({ log, name: 'bench', emit, clock, salt: 'bench', demo: true })
await collector.addressesLoaded
await collector.app.listen({ port: 0, host: '127.0.0.1' })
answerUsage((collector.app.server.address() as AddressInfo).port)
