import { randomBytes } from 'node:crypto'
import { lookup as systemLookup } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from './clock.ts'
import {
  type Certificate,
  certificateFailure,
  connectionFailure,
  type Failure,
  type Reached,
} from './failure.ts'
import { liveRecorder } from './liveRecorder.ts'
import type { LiveFrame, Observations, PhaseSpan } from './observations.ts'
import { rtmpSession } from './rtmpSession.ts'

export interface WatchRtmpOptions {
  readonly url: string
  readonly clock: Clock
  readonly duration_ms: number
  readonly timeout_ms: number
  readonly lookup?: LookupFunction
  readonly ca?: string
  readonly signal?: AbortSignal
  readonly onFrame?: (frame: LiveFrame) => void
}

/** Application and stream of `rtmp://host/app[/instance]/stream?arguments`. */
export function splitRtmpUrl(url: string): { app: string; stream: string; tcUrl: string } {
  const target = new URL(url)
  const parts = target.pathname.split('/').filter(Boolean)
  const stream = `${parts.pop() ?? ''}${target.search}`
  const app = parts.join('/')
  return { app, stream, tcUrl: `${target.protocol}//${target.host}/${app}` }
}

/** Watches an RTMP (or RTMPS) stream: look-up, connection, C0–C2, connect, play, then media. */
export function watchRtmp(options: WatchRtmpOptions): Promise<Observations> {
  const { url, clock, duration_ms, timeout_ms } = options
  const target = new URL(url)
  const secure = target.protocol === 'rtmps:'
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const port = Number(target.port) || (secure ? 443 : 1935)
  const started_ms = clock()
  const phases: PhaseSpan[] = []
  const recorder = liveRecorder(clock, options.onFrame)
  const session = rtmpSession({ ...splitRtmpUrl(url), random: randomBytes })
  let reached: Reached = 'nothing'
  let certificate: Certificate | undefined
  let last = started_ms
  let bytes = 0
  let playing = false
  const lap = (phase: PhaseSpan['phase']) => {
    const now = clock()
    phases.push({ phase, from_ms: last - started_ms, ms: now - last })
    last = now
  }

  return new Promise((resolve) => {
    let settled = false
    let socket: Socket | undefined
    let timer: NodeJS.Timeout
    const settle = (failure?: Failure, closed = false) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onTimeout)
      socket?.destroy()
      const ended_ms = clock()
      // after media came, what ends the session is a finding beside the others, not the whole story
      const begun = recorder.firstMedia_ms() !== undefined
      if (begun && failure !== undefined && failure.reason !== 'stream_ended')
        recorder.noteBroken(failure.detail)
      const stops =
        failure !== undefined && (!begun || failure.reason === 'stream_ended') ? failure : undefined
      resolve({
        url,
        protocol: 'rtmp',
        started_ms,
        ended_ms,
        phases,
        failure: stops,
        certificate,
        renditions: [],
        followed: [],
        edges: [],
        pieces: [],
        variantFailures: [],
        ...(stops === undefined ? { live: recorder.result(closed ? ended_ms : undefined) } : {}),
        bytes,
      })
    }
    const onTimeout = () => {
      if (recorder.firstMedia_ms() !== undefined) return settle()
      if (playing) return settle({ reason: 'no_media', detail: `playing, but nothing in ${timeout_ms} ms` })
      const by: Record<Reached, Failure['reason']> = {
        nothing: 'dns_no_answer',
        dns: 'connection_timed_out',
        tcp: secure ? 'tls_failed' : 'rtmp_handshake_failed',
        tls: 'rtmp_handshake_failed',
      }
      settle({ reason: by[reached], detail: 'no answer in time' })
    }
    timer = setTimeout(onTimeout, timeout_ms)
    options.signal?.addEventListener('abort', onTimeout)

    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      const step = session.push(chunk)
      for (const each of step.send) socket?.write(each)
      if (step.playing) {
        playing = true
        lap('handshake_ms')
      }
      const before = { media: recorder.firstMedia_ms(), key: recorder.firstKeyFrame_ms() }
      for (const message of step.media) recorder.take(message)
      if (before.media === undefined && recorder.firstMedia_ms() !== undefined) {
        // some servers send media before they say that playing began
        if (!playing) lap('handshake_ms')
        playing = true
        lap('first_byte_ms')
        clearTimeout(timer)
        timer = setTimeout(() => settle(), duration_ms)
      }
      if (before.key === undefined && recorder.firstKeyFrame_ms() !== undefined) lap('first_key_frame_ms')
      if (step.failure !== undefined) settle(step.failure)
    }
    const onConnected = () => {
      socket?.on('data', onData)
      socket?.write(session.open())
    }
    const open = (address: string) => {
      socket = connectTcp({ host: address, port })
      const raw = socket
      // the handshake is a dialogue of small messages
      raw.setNoDelay(true)
      raw.on('error', (error) => settle(connectionFailure(error, reached, secure)))
      raw.on('close', () => {
        if (recorder.firstMedia_ms() !== undefined) return settle(undefined, true)
        if (playing) return settle({ reason: 'no_media', detail: 'the server closed the connection' })
        settle({ reason: 'rtmp_handshake_failed', detail: 'the server closed the connection' })
      })
      raw.once('connect', () => {
        reached = 'tcp'
        lap('tcp_ms')
        if (!secure) return onConnected()
        const tls: TLSSocket = connectTls({
          socket: raw,
          servername: isIP(host) === 0 ? host : '',
          rejectUnauthorized: false,
          ca: options.ca,
        })
        socket = tls
        tls.on('error', (error) => settle(connectionFailure(error, reached, secure)))
        tls.once('secureConnect', () => {
          reached = 'tls'
          lap('tls_ms')
          const peer = tls.getPeerCertificate()
          certificate = {
            validFrom_ms: Date.parse(peer.valid_from),
            validTo_ms: Date.parse(peer.valid_to),
            names: peer.subjectaltname ?? '',
          }
          const error = tls.authorized ? undefined : String(tls.authorizationError)
          const failure = certificateFailure(certificate, error, clock())
          if (failure !== undefined) settle(failure)
          else onConnected()
        })
      })
    }
    if (isIP(host) !== 0) {
      reached = 'dns'
      open(host)
      return
    }
    const lookup = options.lookup ?? (systemLookup as LookupFunction)
    lookup(host, { all: false }, (error, address) => {
      if (settled) return
      lap('dns_ms')
      if (error) return settle(connectionFailure(error, reached, secure))
      reached = 'dns'
      open(typeof address === 'string' ? address : (address[0]?.address ?? ''))
    })
  })
}
