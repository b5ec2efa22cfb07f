/**
 * Many players in one process: each reports a heartbeat every 10 s as the SDK does, keeps what was refused, waits for
 * `Retry-After` or its own back-off, and sends everything it kept in one beacon. Stubborn players drop what was refused and
 * never wait. Commands and reports are messages of the parent process.
 */
import { connect, type Socket } from 'node:net'
import type { PlayersCommand, PlayersReport } from './startPlayers.ts'

const HEARTBEAT_MS = 10_000
const TURN_MS = 5
const MOST_EVENTS = 100
const LONGEST_BACKOFF_MS = 60_000
const GIVE_UP_MS = 15_000
const AGENT =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36'

interface Player {
  readonly id: number
  seq: number
  /** When the events that wait were made, ms since the epoch. */
  pending: number[]
  /** When the oldest of them could first be sent, monotonic. */
  ready_ms: number
  next_ms: number
  interval_ms: number
  failures: number
  notBefore_ms: number
  sending: boolean
}

interface Line {
  readonly socket: Socket
  player: Player | undefined
  sent: number
  written_ms: number
}

let settings: Extract<PlayersCommand, { type: 'begin' }>
let players: Player[] = []
/** Players by the turn in which something is due. */
const due = new Map<number, Player[]>()
const waiting: Player[] = []
const free: Line[] = []
let open = 0
let wanted = 0
let run = 0
let report = fresh()

function fresh(): PlayersReport {
  return {
    made: 0,
    answered: 0,
    requests: 0,
    refused: 0,
    failed: 0,
    dropped: 0,
    answered_ms: [],
    late_ms: [],
    refused_ms: [],
    advised_ms: 0,
  }
}

const turnOf = (ms: number): number => Math.ceil(ms / TURN_MS)

function dueAt(player: Player, ms: number): void {
  const turn = Math.max(turnOf(ms), turned + 1)
  const list = due.get(turn)
  if (list === undefined) due.set(turn, [player])
  else list.push(player)
}

/** The number of players follows the rate; who leaves is simply not called again. */
function resize(events_per_s: number): void {
  wanted = Math.round((events_per_s * HEARTBEAT_MS) / 1000)
  const now = performance.now()
  for (let id = players.length; id < wanted; id += 1) {
    const next_ms = now + Math.random() * HEARTBEAT_MS
    const player: Player = {
      id,
      seq: 0,
      pending: [],
      ready_ms: 0,
      next_ms,
      interval_ms: HEARTBEAT_MS,
      failures: 0,
      notBefore_ms: 0,
      sending: false,
    }
    players.push(player)
    dueAt(player, next_ms)
  }
  if (players.length > wanted) players = players.slice(0, wanted)
}

function bodyOf(player: Player, count: number): string {
  const interval_ms = Math.round(player.interval_ms)
  let events = ''
  for (let index = 0; index < count; index += 1)
    events += `${index === 0 ? '' : ','}{"kind":"heartbeat","seq":${player.seq - player.pending.length + index + 1},"time_ms":${player.pending[index]},"interval_ms":${interval_ms},"reason":"interval","state":"playing","played_ms":${interval_ms},"stalled_ms":0,"stall_count":0,"playback_rate":1,"bitrate_kbps":2500,"bandwidth_kbps":8200,"fps_rendered":25,"fps_decoded":25,"frames_rendered":250,"frames_dropped":0,"buffer_ms":3200,"live_latency_ms":4100,"width":1280,"height":720,"requests":5,"bytes":3125000}`
  return `{"sent_ms":${Date.now()},"context":{"app":"shop","show":"gala","stream":"main-${player.id % 4}","session":"${settings.name}-${run}-${player.id}","viewer":"viewer-${player.id}","cdn":"${player.id % 2 ? 'cdn-a' : 'cdn-b'}","network":"wifi","device":"phone","os":"android","container":"app","player":"hls.js","player_version":"1.7.4","protocol":"hls","codec":"h264","rendition":"720p","delivery":"cdn"},"events":[${events}]}`
}

function send(line: Line, player: Player): void {
  const count = Math.min(player.pending.length, MOST_EVENTS)
  const body = bodyOf(player, count)
  line.player = player
  line.sent = count
  line.written_ms = performance.now()
  report.requests += 1
  line.socket.write(
    `POST /v1/beacons?key=${settings.key} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: ${AGENT}\r\norigin: https://shop.example\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
}

/** A connection becomes free: the next player that waits takes it. */
function next(line: Line): void {
  const player = waiting.shift()
  if (player === undefined) free.push(line)
  else send(line, player)
}

function settle(line: Line, status: number, retryAfter_s: number): void {
  const player = line.player
  if (player === undefined) return
  line.player = undefined
  player.sending = false
  const now = performance.now()
  if (status === 204) {
    report.answered += line.sent
    report.answered_ms.push(now - line.written_ms)
    report.late_ms.push(line.written_ms - player.ready_ms)
    player.pending = player.pending.slice(line.sent)
    player.failures = 0
  } else {
    if (status === 503 || status === 429) {
      report.refused += 1
      report.refused_ms.push(now - line.written_ms)
    } else report.failed += 1
    if (settings.stubborn) {
      report.dropped += line.sent
      player.pending = player.pending.slice(line.sent)
    } else {
      player.failures += 1
      const backoff =
        Math.min(1000 * 2 ** (player.failures - 1), LONGEST_BACKOFF_MS) * (0.5 + Math.random() / 2)
      player.notBefore_ms = now + Math.max(backoff, retryAfter_s * 1000)
    }
  }
  if (player.pending.length > 0) {
    player.ready_ms = Math.max(now, player.notBefore_ms)
    dueAt(player, player.ready_ms)
  }
}

const ANSWER = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/
function newLine(player: Player): void {
  open += 1
  const socket = connect({ port: settings.port, host: '127.0.0.1', noDelay: true })
  const line: Line = { socket, player: undefined, sent: 0, written_ms: 0 }
  socket.setTimeout(GIVE_UP_MS, () => (line.player === undefined ? undefined : socket.destroy()))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    open -= 1
    settle(line, 0, 0)
    const at = free.indexOf(line)
    if (at >= 0) free.splice(at, 1)
  })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const head = ANSWER.exec(text)
    if (head === null) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head[0])?.[1] ?? 0)
    if (text.length < head[0].length + length) return
    if (settings.advised && line.player !== undefined) {
      const advised_ms = Number(/\r\nfirstframe-advice: interval_ms=(\d+)/i.exec(head[0])?.[1] ?? 0)
      line.player.interval_ms = Math.max(HEARTBEAT_MS, advised_ms)
      report.advised_ms = Math.max(report.advised_ms, advised_ms)
    }
    const retry = Number(/\r\nretry-after: (\d+)/i.exec(head[0])?.[1] ?? 0)
    text = ''
    settle(line, Number(head[1]), retry)
    if (!socket.destroyed) next(line)
  })
  send(line, player)
}

function offer(player: Player): void {
  player.sending = true
  const line = free.pop()
  if (line !== undefined) send(line, player)
  else if (open < settings.connections) newLine(player)
  else waiting.push(player)
}

function visit(player: Player, now: number): void {
  if (player.id >= wanted) return
  if (now >= player.next_ms) {
    if (player.pending.length === 0) player.ready_ms = Math.max(player.next_ms, player.notBefore_ms)
    player.seq += 1
    player.pending.push(Date.now())
    report.made += 1
    player.next_ms += player.interval_ms
    dueAt(player, player.next_ms)
  }
  if (player.sending || player.pending.length === 0) return
  if (settings.stubborn || now >= player.notBefore_ms) offer(player)
}

let turned = turnOf(performance.now())
function turn(): void {
  const now = performance.now()
  while (turned < Math.floor(now / TURN_MS)) {
    turned += 1
    const list = due.get(turned)
    due.delete(turned)
    for (const player of list ?? []) visit(player, now)
  }
}

process.on('disconnect', () => process.exit(0))
process.on('message', (command: PlayersCommand) => {
  if (command.type === 'begin') {
    settings = command
    setInterval(turn, TURN_MS)
  } else if (command.type === 'rate') {
    if (command.afresh) {
      players = []
      due.clear()
      waiting.length = 0
      run += 1
    }
    resize(command.events_per_s)
  } else {
    process.send!(report)
    report = fresh()
  }
})
