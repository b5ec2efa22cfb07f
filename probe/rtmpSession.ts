import { type AmfValue, readAmf, writeAmf } from '../media/amf.ts'
import type { Failure } from './failure.ts'
import { chunkReader, type RtmpMessage, writeMessage } from './parse/rtmpChunks.ts'

/** What a session wants done after it was given bytes. */
export interface RtmpStep {
  readonly send: Buffer[]
  /** Audio, video and data messages of the stream. */
  readonly media: RtmpMessage[]
  readonly failure?: Failure
  /** The handshake is complete; the server agreed to play. Each is told once. */
  readonly shaken?: true
  readonly playing?: true
}

/** The client's side of RTMP up to playing a stream, without any input or output of its own. */
export interface RtmpSession {
  /** C0 and C1. */
  readonly open: () => Buffer
  readonly push: (bytes: Uint8Array) => RtmpStep
}

export interface RtmpSessionOptions {
  readonly app: string
  readonly tcUrl: string
  readonly stream: string
  /** 1,528 bytes for C1. */
  readonly random: (bytes: number) => Uint8Array
}

const HANDSHAKE = 1_536
const ACKNOWLEDGEMENT = 3
const USER_CONTROL = 4
const WINDOW_SIZE = 5
const AUDIO = 8
const VIDEO = 9
const DATA = 18
const COMMAND = 20
const AGGREGATE = 22
const PING_REQUEST = 6

/** Splits an aggregate message into the FLV tags it is made of. */
function splitAggregate(message: RtmpMessage): RtmpMessage[] {
  const { body } = message
  const found: RtmpMessage[] = []
  let at = 0
  let first: number | undefined
  while (at + 11 <= body.length) {
    const size = body.readUIntBE(at + 1, 3)
    if (at + 11 + size > body.length) break
    const stamp = body.readUIntBE(at + 4, 3) + (body[at + 7] as number) * 0x1000000
    first ??= stamp
    found.push({
      type: body[at] as number,
      timestamp_ms: message.timestamp_ms + stamp - first,
      streamId: message.streamId,
      body: body.subarray(at + 11, at + 11 + size),
    })
    at += 11 + size + 4
  }
  return found
}

const text = (value: AmfValue | undefined): string => (typeof value === 'string' ? value : '')

/** A session that will ask for `stream` of `app`. */
export function rtmpSession(options: RtmpSessionOptions): RtmpSession {
  let handshake: Buffer | undefined = Buffer.alloc(0)
  const chunks = chunkReader()
  let received = 0
  let acknowledged = 0
  let window = 2_500_000
  let playing = false

  const command = (values: AmfValue[], streamId = 0): Buffer =>
    writeMessage({ type: COMMAND, streamId, body: writeAmf(values) }, 3)

  const open = (): Buffer => Buffer.concat([Buffer.from([3]), Buffer.alloc(8), options.random(HANDSHAKE - 8)])

  const onCommand = (body: Buffer, step: { send: Buffer[]; failure?: Failure; playing?: true }) => {
    const [name, transaction, , info] = readAmf(body).values
    const status = (typeof info === 'object' && info !== null && !Array.isArray(info) ? info : {}) as Record<
      string,
      AmfValue
    >
    const detail = [text(status.code), text(status.description)].filter(Boolean).join(': ')
    if (name === '_result' && transaction === 1) {
      step.send.push(command(['createStream', 2, null]))
    } else if (name === '_result' && transaction === 2) {
      const id = typeof info === 'number' ? info : 1
      // -1: live only, so that a server without the stream says so instead of looking for a file
      step.send.push(command(['play', 0, null, options.stream, -1000], id))
      const buffer = Buffer.alloc(10)
      buffer.writeUInt16BE(3)
      buffer.writeUInt32BE(id, 2)
      buffer.writeUInt32BE(1_000, 6)
      step.send.push(writeMessage({ type: USER_CONTROL, streamId: 0, body: buffer }, 2))
    } else if (name === '_error') {
      const reason = transaction === 1 ? 'rtmp_connect_refused' : 'rtmp_play_refused'
      step.failure = { reason, detail: detail || 'the server answered _error' }
    } else if (name === 'onStatus') {
      const code = text(status.code)
      if (text(status.level) === 'error' || /NotFound|Failed|Denied|BadName/.test(code)) {
        step.failure = { reason: 'rtmp_play_refused', detail: detail || 'the server answered an error' }
      } else if (code === 'NetStream.Play.Start' && !playing) {
        playing = true
        step.playing = true
      } else if (code === 'NetStream.Play.UnpublishNotify' || code === 'NetStream.Play.Stop') {
        step.failure = { reason: 'stream_ended', detail }
      }
    }
  }

  const push = (bytes: Uint8Array): RtmpStep => {
    const step: { send: Buffer[]; media: RtmpMessage[]; failure?: Failure; shaken?: true; playing?: true } = {
      send: [],
      media: [],
    }
    let input: Uint8Array = bytes
    received += bytes.length
    if (handshake !== undefined) {
      handshake = Buffer.concat([handshake, bytes])
      if (handshake.length > 0 && handshake[0] !== 3) {
        const detail = `version ${handshake[0]} instead of 3`
        return { ...step, failure: { reason: 'rtmp_handshake_failed', detail } }
      }
      if (handshake.length < 1 + 2 * HANDSHAKE) return step
      const s1 = handshake.subarray(1, 1 + HANDSHAKE)
      input = handshake.subarray(1 + 2 * HANDSHAKE)
      const connect = command([
        'connect',
        1,
        { app: options.app, flashVer: 'LNX 9,0,124,2', tcUrl: options.tcUrl, fpad: false, capabilities: 15 },
      ])
      step.send.push(Buffer.from(s1), connect)
      step.shaken = true
      handshake = undefined
    }
    const { messages, broken } = chunks.push(input)
    for (const message of messages) {
      if (message.type === COMMAND) onCommand(message.body, step)
      else if (message.type === WINDOW_SIZE && message.body.length >= 4)
        window = message.body.readUInt32BE(0) || window
      else if (
        message.type === USER_CONTROL &&
        message.body.length >= 6 &&
        message.body.readUInt16BE(0) === PING_REQUEST
      ) {
        const pong = Buffer.from(message.body.subarray(0, 6))
        pong.writeUInt16BE(PING_REQUEST + 1)
        step.send.push(writeMessage({ type: USER_CONTROL, streamId: 0, body: pong }, 2))
      } else if (message.type === AUDIO || message.type === VIDEO || message.type === DATA)
        step.media.push(message)
      else if (message.type === AGGREGATE) step.media.push(...splitAggregate(message))
    }
    if (received - acknowledged >= window / 2) {
      acknowledged = received
      const count = Buffer.alloc(4)
      count.writeUInt32BE(received % 0x100000000)
      step.send.push(writeMessage({ type: ACKNOWLEDGEMENT, streamId: 0, body: count }, 2))
    }
    if (broken !== undefined) {
      step.failure ??= { reason: playing ? 'segment_unreadable' : 'rtmp_handshake_failed', detail: broken }
    }
    return step
  }
  return { open, push }
}
