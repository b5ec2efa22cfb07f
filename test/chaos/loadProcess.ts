/**
 * The load, in a process of its own so that it costs the pipeline little: sessions that send as the SDK does, one beacon
 * after the other, each again until it is answered, at another collector when one does not answer. Bodies are put together
 * from prepared text. Encoders report once a second until they are cut. Talks with its parent by messages (`LoadCommand`).
 */
import { Agent, request } from 'node:http'
import type { LoadAnswer, LoadCommand, LoadOptions } from './load.ts'

const options = JSON.parse(process.argv[2]!) as LoadOptions
const { urls, senders, batch, beacons, streams } = options
const agent = new Agent({ keepAlive: true, maxSockets: senders + streams + 8 })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const event = (seq: number): string =>
  `{"kind":"heartbeat","seq":${seq},"interval_ms":20,"played_ms":${20 - (seq % 10)},"stalled_ms":${seq % 10},"bitrate_kbps":3500,"buffer_ms":4000,"frames_rendered":1,"live_latency_ms":3000,"bandwidth_kbps":12000}`
/** Events of the nth beacon of any session, as text. */
const eventsOf = Array.from({ length: beacons }, (_, beacon) =>
  Array.from({ length: batch }, (_, index) => event(beacon * batch + index + 1)).join(','),
)

/** Events answered, by session: numbers 1 to this. */
const answered = new Map<string, number>()
let events = 0
const retries: Record<number, number> = {}
let longestGap_ms = 0
let running = true
let perSecond = options.events_per_s
const cut = new Set<number>()

function post(url: string, body: string): Promise<number> {
  return new Promise((resolve) => {
    const out = request(
      `${url}/v1/beacons`,
      {
        method: 'POST',
        agent,
        headers: {
          'user-agent': 'Mozilla/5.0 (chaos)',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
        timeout: 40_000,
      },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
        answer.on('error', () => resolve(0))
      },
    )
    out.on('error', () => resolve(0))
    out.on('timeout', () => out.destroy())
    out.end(body)
  })
}

/** What was due longer ago is not made up for. */
const BACKLOG_MS = 20_000

let last_ms = performance.now()
/** Until it is answered, as the SDK: back-off with jitter, at the next collector. */
async function deliver(body: string, first: number): Promise<boolean> {
  const began = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    const status = await post(urls[(first + attempt) % urls.length]!, body)
    if (status === 204) {
      const now = performance.now()
      longestGap_ms = Math.max(longestGap_ms, now - last_ms)
      last_ms = now
      return true
    }
    if (status === 200 || status === 400)
      throw new Error(`a beacon was refused with ${status}: ${body.slice(0, 300)}`)
    retries[status] = (retries[status] ?? 0) + 1
    if (!running && performance.now() - began > 20_000) return false
    await pause(Math.min(2_000, 50 * 2 ** Math.min(attempt, 5)) * (0.5 + Math.random()))
  }
}

let sessions = 0
async function sender(index: number): Promise<void> {
  await pause((index * batch * 1000) / perSecond)
  // As players' beats pile up while no answer comes, and go out after it: what was due is still sent.
  let due = performance.now()
  while (running) {
    const number = (sessions += 1)
    const session = `${options.name}-${number}`
    const head = `{"key":"chaos-key","context":{"show":"chaos","stream":"stream-${number % streams}","session":"${session}","app":"web","cdn":"${number % 3 === 0 ? 'a' : 'b'}","country":"CN","protocol":"hls"},"events":[`
    for (let beacon = 0; beacon < beacons && running; beacon += 1) {
      const body = `${head}${eventsOf[beacon]}]}`
      if (!(await deliver(body, number))) return
      answered.set(session, (beacon + 1) * batch)
      events += batch
      // A client that lost the answer sends it again.
      if (number % 20 === 0 && beacon === 3) await deliver(body, number + 1)
      const now = performance.now()
      due = Math.max(due + (batch * senders * 1000) / perSecond, now - BACKLOG_MS)
      if (due > now) await pause(due - now)
    }
  }
}

/** Reports once a second; what is waiting goes in one beacon when the one before is answered, as an encoder's agent sends. */
async function encoder(stream: number): Promise<void> {
  const session = `${options.name}-enc-${stream}`
  const head = `{"key":"chaos-server-key","context":{"show":"chaos","stream":"stream-${stream}","session":"${session}"},"events":[`
  const report = (seq: number): string =>
    `{"kind":"hop","seq":${seq},"hop":"encoder","node":"enc-${stream}","interval_ms":1000,"bitrate_in_kbps":4000,"bitrate_out_kbps":4000,"fps_in":25,"fps_out":25,"frames":25,"status":"up"${seq === last ? ',"event":"end"' : ''}}`
  let made = 0
  /** The number of the goodbye: what ends without one is an incident. */
  let last = 0
  let sent = 0
  let sending: Promise<void> | undefined
  async function send(): Promise<void> {
    while (sent < made) {
      const to = made
      const reports = Array.from({ length: to - sent }, (_, index) => report(sent + index + 1))
      if (!(await deliver(`${head}${reports.join(',')}]}`, stream))) return
      sent = to
      answered.set(session, sent)
    }
  }
  for (let next = performance.now(); running; next += 1000) {
    if (!cut.has(stream)) {
      made += 1
      sending ??= send().finally(() => {
        sending = undefined
      })
    }
    await pause(Math.max(0, next + 1000 - performance.now()))
  }
  await sending
  made += 1
  last = made
  await send()
}

const answer = (message: LoadAnswer): void => void process.send!(message)
const finished = Promise.all([
  ...Array.from({ length: senders }, (_, index) => sender(index)),
  ...Array.from({ length: streams }, (_, index) => encoder(index)),
])
finished.catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
process.on('disconnect', () => process.exit(0))
process.on('message', (command: LoadCommand) => {
  if (command.type === 'cut') cut.add(command.stream)
  else if (command.type === 'mend') cut.delete(command.stream)
  else if (command.type === 'rate') perSecond = command.events_per_s
  else if (command.type === 'count') {
    if (command.fresh) longestGap_ms = 0
    const gap_ms = Math.max(longestGap_ms, performance.now() - last_ms)
    answer({ type: 'count', sessions, events, retries, gap_ms })
  } else if (command.type === 'stop') {
    running = false
    void finished.then(() => answer({ type: 'answered', events, sessions: [...answered] }))
  }
})
