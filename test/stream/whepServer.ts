import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift'
import { startChild } from './childProcess.ts'
import { findProgram } from './programs.ts'

export interface WhepServer {
  /** Where a player posts its offer. */
  readonly url: string
  /** Holds the packets back, or lets them go on. */
  readonly pause: (paused: boolean) => void
  readonly log: () => string
  readonly stop: () => Promise<void>
}

const H264 = () =>
  new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  })

/**
 * A WHEP server (RFC 9725 turned round): ffmpeg's live H.264 as RTP to every player that posts an offer. WebRTC is werift's;
 * a real stack of its own, with real ICE, DTLS and SRTP.
 */
export async function startWhepServer(): Promise<WhepServer> {
  const tracks = new Set<MediaStreamTrack>()
  const connections = new Set<RTCPeerConnection>()
  let paused = false
  const rtp = createSocket('udp4')
  rtp.bind(0, '127.0.0.1')
  await once(rtp, 'listening')
  rtp.on('message', (packet) => {
    if (!paused) for (const track of tracks) track.writeRtp(packet)
  })
  const encoder = startChild({
    command: findProgram('ffmpeg'),
    args: [
      ...['-nostdin', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'],
      ...['-g', '12', '-b:v', '300k', '-pix_fmt', 'yuv420p', '-bsf:v', 'dump_extra'],
      ...['-f', 'rtp', '-payload_type', '96', `rtp://127.0.0.1:${rtp.address().port}?pkt_size=1200`],
    ],
  })
  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', '*')
    if (request.method !== 'POST') return response.writeHead(204).end()
    let offer = ''
    for await (const piece of request) offer += piece
    const pc = new RTCPeerConnection({
      codecs: { video: [H264()] },
      iceAdditionalHostAddresses: ['127.0.0.1'],
    })
    connections.add(pc)
    const track = new MediaStreamTrack({ kind: 'video' })
    pc.addTransceiver(track, { direction: 'sendonly' })
    await pc.setRemoteDescription({ type: 'offer', sdp: offer })
    await pc.setLocalDescription(await pc.createAnswer())
    tracks.add(track)
    response.writeHead(201, { 'content-type': 'application/sdp', location: '/whep/1' })
    response.end(pc.localDescription!.sdp)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/whep`,
    pause: (hold) => {
      paused = hold
    },
    log: () => encoder.log(),
    async stop() {
      tracks.clear()
      for (const pc of connections) await pc.close()
      await encoder.stop()
      rtp.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
