/**
 * A flood in a process of its own: it prepares its requests, says `ready`, and sends them when it is told to. Then it says
 * how many bytes it sent.
 */
import { FLOODS } from './floods.ts'
import { prepareFlood, sendFlood } from './wire.ts'

export interface FlooderOptions {
  readonly name: string
  readonly port: number
  readonly bytes: number
  readonly connections: number
  readonly for_ms: number
}

const { name, ...rest } = JSON.parse(process.argv[2]!) as FlooderOptions
const options = { ...rest, flood: FLOODS[name]! }
const requests = prepareFlood(options)
process.once('message', () => {
  void sendFlood(options, requests).then((sent_bytes) => {
    process.send!({ sent_bytes })
    process.disconnect()
  })
})
process.send!('ready')
