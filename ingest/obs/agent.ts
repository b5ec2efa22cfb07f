import { createHash } from 'node:crypto'
import WebSocket from 'ws'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import { numberReader } from '../../schemas/readNumber.ts'
import { numberOf } from '../counters.ts'
import { objectIn, readObject, textIn } from '../readJson.ts'
import type { Send } from '../sendBeacons.ts'
import { type ObsLook, obsEvent } from './status.ts'

/** Operation codes of the obs-websocket protocol, version 5. */
const OP = { hello: 0, identify: 1, identified: 2, batch: 8, batchResponse: 9 } as const

export interface ObsAgentOptions {
  /** Default ws://127.0.0.1:4455. */
  readonly url?: string
  readonly password?: string
  readonly node: string
  readonly context: ClientContext & { readonly stream: string }
  readonly tenant?: string
  /** From one look to the next, ms. Default 1 000. */
  readonly interval_ms?: number
  /** Waits from one attempt to connect to the next, ms; the last is repeated. */
  readonly retry_ms?: readonly number[]
  readonly send: Send
  readonly emit: Emit
  readonly clock: () => number
}

/** OBS's answer to its challenge: base64(SHA-256(base64(SHA-256(password + salt)) + challenge)). */
export function obsAuthentication(password: string, salt: string, challenge: string): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64')
  return hash(hash(password + salt) + challenge)
}

/**
 * Asks OBS about its stream once an interval, over its websocket, and comes back when it goes away.
 * An OBS that ends while it streams is told as `lost`.
 */
export function startObsAgent(options: ObsAgentOptions): { readonly stop: () => Promise<void> } {
  const { node, context, emit, clock, interval_ms = 1_000, retry_ms = [1_000, 2_000, 5_000] } = options
  const url = options.url ?? 'ws://127.0.0.1:4455'
  const number = numberReader('obs', emit)
  let before: ObsLook | undefined
  let stopped = false
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let asking: NodeJS.Timeout | undefined
  let socket: WebSocket | undefined

  const say = (event: ReturnType<typeof obsEvent>) => {
    if (event === undefined) return
    const tenant = options.tenant === undefined ? {} : { tenant: options.tenant }
    Promise.resolve(options.send([{ ...tenant, source: 'obs', context, events: [event] }])).catch(
      (error: unknown) => emit({ type: 'ingest_send_failed', source: 'obs', error }),
    )
  }

  function read(reply: Readonly<Record<string, unknown>>): void {
    const results = Array.isArray(reply.results) ? reply.results.map(objectIn) : []
    const dataOf = (type: string) => objectIn(results.find((each) => each.requestType === type)?.responseData)
    const now: ObsLook = { at_ms: clock(), stream: dataOf('GetStreamStatus'), stats: dataOf('GetStats') }
    say(obsEvent(now, before, node, number))
    before = now
  }

  function open(): void {
    const ws = new WebSocket(url, 'obswebsocket.json', { handshakeTimeout: 5_000, maxPayload: 1 << 20 })
    socket = ws
    const tell = (op: number, d: object) => ws.send(JSON.stringify({ op, d }))
    const ask = () =>
      tell(OP.batch, {
        requestId: 'look',
        requests: [{ requestType: 'GetStreamStatus' }, { requestType: 'GetStats' }],
      })
    ws.on('message', (raw) => {
      const message = readObject(raw.toString())
      const d = objectIn(message?.d)
      const op = numberOf(message?.op)
      if (op === OP.hello) {
        const requested = objectIn(d.authentication)
        const authentication =
          d.authentication === undefined
            ? {}
            : {
                authentication: obsAuthentication(
                  options.password ?? '',
                  textIn(requested.salt),
                  textIn(requested.challenge),
                ),
              }
        tell(OP.identify, { rpcVersion: 1, eventSubscriptions: 0, ...authentication })
      } else if (op === OP.identified) {
        if (failures > 0) emit({ type: 'ingest_poll_recovered', source: 'obs', url })
        failures = 0
        ask()
        asking = setInterval(ask, interval_ms)
      } else if (op === OP.batchResponse) read(d)
    })
    let reason: unknown
    ws.on('error', (error) => {
      reason = error
    })
    ws.on('close', (code) => {
      clearInterval(asking)
      if (before?.stream.outputActive === true && !stopped) {
        say({ kind: 'hop', hop: 'encoder', node, status: 'down', event: 'lost' })
      }
      before = undefined
      if (stopped) return
      // 4009: the password is wrong; said once, and tried again in case it is put right.
      if (failures === 0) emit({ type: 'ingest_poll_failed', source: 'obs', url, code, error: reason })
      timer = setTimeout(open, retry_ms[Math.min(failures, retry_ms.length - 1)] ?? 5_000)
      failures++
    })
  }
  open()

  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      clearInterval(asking)
      socket?.terminate()
    },
  }
}
