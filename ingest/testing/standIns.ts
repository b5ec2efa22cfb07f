import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { obsAuthentication } from '../obs/agent.ts'

/** Takes what is to be stopped when the test ends. */
type Own = (stop: () => unknown) => unknown

/** A server whose answer a test changes. What it counts and the clock move together, in `body`, so no poll falls between. */
export async function answering(path: string, own: Own) {
  const state = { body: () => '', status: 200 }
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== path) response.writeHead(404).end()
    else response.writeHead(state.status).end(state.body())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}` }
}

/** A stream of the answer of SRS's `/api/v1/streams`. */
export const srsStream = (recv_bytes: number, frames: number, active = true) => ({
  id: 'vid-124q9y3',
  name: 'show',
  vhost: 'vid-1',
  app: 'live',
  live_ms: 1_795_180_000_000,
  clients: 3,
  frames,
  send_bytes: recv_bytes * 2,
  recv_bytes,
  kbps: { recv_30s: 402, send_30s: 800 },
  publish: { active, cid: '9308h583' },
  video: { codec: 'H264', profile: 'High', level: '3.2', width: 1280, height: 720 },
})

/** A page of MediaMTX's metrics. */
export const mediamtxPage = (bytes: number, lost: number, ready = true) => `
# TYPE paths gauge
paths{name="show",state="${ready ? 'ready' : 'notReady'}"} 1
paths{name="idle",state="notReady"} 1
paths_readers{name="show",state="ready"} 4
paths_inbound_bytes{name="show",state="ready"} ${bytes}
paths_outbound_bytes{name="show",state="ready"} ${bytes * 4}
paths_inbound_frames_in_error{name="show",state="ready"} ${lost}
srt_conns{id="a",path="show",remoteAddr="127.0.0.1:5",state="publish"} 1
srt_conns_ms_rtt{id="a",path="show",remoteAddr="127.0.0.1:5",state="publish"} 42.5
srt_conns_packets_received{id="a",path="show",remoteAddr="127.0.0.1:5",state="publish"} ${bytes / 1000}
srt_conns_packets_received_loss{id="a",path="show",remoteAddr="127.0.0.1:5",state="publish"} ${lost}
srt_conns_ms_rtt{id="b",path="show",remoteAddr="127.0.0.1:6",state="read"} 900
srt_conns_mbps_receive_rate{id="a",path="show",remoteAddr="127.0.0.1:5",state="publish"} 0.4
rtsp_sessions_outbound_frames_discarded{id="c",path="show",state="read"} ${lost * 2}
`

/** A small server that speaks obs-websocket 5 and streams 1,000 kbps between two questions a second apart; its password is `password`. */
export async function startObsStandIn(own: Own, requested: () => void = () => undefined) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  own(() => new Promise((resolve) => server.close(resolve)))
  const state = { active: true, reconnecting: false, bytes: 1_000_000, skipped: 5, frames: 1000 }
  let client: WebSocket | undefined
  server.on('connection', (socket) => {
    client = socket
    const say = (op: number, d: object) => socket.send(JSON.stringify({ op, d }))
    say(0, { obsWebSocketVersion: '5.5.0', rpcVersion: 1, authentication: { challenge: 'c', salt: 's' } })
    socket.on('message', (raw) => {
      const { op, d } = JSON.parse(raw.toString())
      if (op === 1) {
        if (d.authentication === obsAuthentication('password', 's', 'c')) say(2, { negotiatedRpcVersion: 1 })
        else socket.close(4009)
      }
      if (op !== 8) return
      requested()
      state.bytes += 125_000
      state.skipped += 3
      state.frames += 30
      const responses: Record<string, object> = {
        GetStreamStatus: {
          outputActive: state.active,
          outputReconnecting: state.reconnecting,
          outputDuration: 40_000,
          outputCongestion: 0.25,
          outputBytes: state.bytes,
          outputSkippedFrames: state.skipped,
          outputTotalFrames: state.frames,
        },
        GetStats: {
          cpuUsage: 12.5,
          memoryUsage: 256,
          activeFps: 29.97,
          averageFrameRenderTime: 3,
          renderSkippedFrames: 1,
          renderTotalFrames: 2000,
        },
      }
      const results = d.requests.map(({ requestType }: { requestType: string }) => ({
        requestType,
        requestStatus: { result: true, code: 100 },
        responseData: responses[requestType],
      }))
      say(9, { requestId: d.requestId, results })
    })
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, state, drop: () => client?.terminate() }
}
