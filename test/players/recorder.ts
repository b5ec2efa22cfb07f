import { createServer } from 'node:http'
import type { Beacon, BeaconEvent } from '../../schemas/beacon.ts'
import { validateContext, validateEvent } from '../../schemas/derive/validate.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'

/** What the next posts are answered; without one: 204. */
export interface Scripted {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** An event with the context it stands for, and when its beacon came. */
export type Recorded<K extends Kind = Kind> = BeaconEvent<K> & { readonly came_ms: number }

export interface Recorder {
  readonly url: string
  readonly beacons: readonly Beacon[]
  readonly script: (...answers: Scripted[]) => void
  /** What the catalogue would have refused. */
  readonly problems: readonly string[]
  /** The events of a kind and session, by `seq`, each once. */
  readonly events: <K extends Kind>(kind: K, session?: string) => Recorded<K>[]
  /** This much is added to the times of /v1/time, ms. */
  readonly setSkew: (ms: number) => void
  readonly stop: () => Promise<void>
}

/** A server that takes beacons, keeps them, and tells the time: the collector's public face for unit tests. */
export async function startRecorder(): Promise<Recorder> {
  const beacons: Beacon[] = []
  const recorded: Recorded[] = []
  const problems: string[] = []
  const answers: Scripted[] = []
  let skew = 0
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-expose-headers', 'retry-after')
    const received_ms = Date.now() + skew
    if (request.url === '/v1/time') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ received_ms, sent_ms: Date.now() + skew }))
      return
    }
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const answer = answers.shift()
      if (answer === undefined || answer.status < 300) {
        const beacon = JSON.parse(Buffer.concat(parts).toString()) as Beacon
        beacons.push(beacon)
        const wrong = validateContext(beacon.context ?? {})
        if (wrong) problems.push(`context: ${wrong.code} ${wrong.detail}`)
        for (const event of beacon.events) {
          const refusal = validateEvent(event.kind, event)
          if (refusal) problems.push(`${event.kind}: ${refusal.code} ${refusal.detail}`)
          recorded.push({ ...beacon.context, ...event, came_ms: received_ms } as Recorded)
        }
      }
      response.writeHead(answer?.status ?? 204, answer?.headers)
      response.end(answer?.body === undefined ? undefined : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    beacons,
    problems,
    script: (...more) => answers.push(...more),
    events: <K extends Kind>(kind: K, session?: string) => {
      const seen = new Map<string, Recorded>()
      for (const event of recorded) {
        const wanted = event.kind === kind && (session === undefined || event.session === session)
        if (wanted && !seen.has(`${event.session} ${event.seq}`))
          seen.set(`${event.session} ${event.seq}`, event)
      }
      return [...seen.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0)) as unknown as Recorded<K>[]
    },
    setSkew: (ms) => {
      skew = ms
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
