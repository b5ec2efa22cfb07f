import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionNews } from '../core/session.ts'
import { type P2pEngine, watchP2p } from './watchP2p.ts'

/**
 * What p2p-media-loader-hlsjs 2.3.1 said to a page in Chromium beside another page that watched the same stream (hls.js 1.7.4 without its
 * worker, a WebTorrent tracker, WebRTC on loopback), and the bytes of the heartbeats between.
 */
const RECORDED: readonly (readonly unknown[])[] = [
  ['onChunkDownloaded', 70876, 'http'],
  ['onChunkDownloaded', 56776, 'http'],
  ['onChunkDownloaded', 59408, 'http'],
  ['beat', 127652],
  ['onChunkDownloaded', 62040, 'http'],
  ['onChunkDownloaded', 56400, 'http'],
  ['onChunkDownloaded', 3905, 'http'],
  ['onChunkDownloaded', 51367, 'http'],
  ['onChunkDownloaded', 59220, 'http'],
  ['onChunkDownloaded', 59220, 'http'],
  ['onPeerConnect', { peerId: '-PM0203-V7cKjdp5H6qk', streamType: 'main' }],
  ['onChunkDownloaded', 51136, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 52828, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 51888, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 52828, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 57152, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 59220, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 55836, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 56588, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 58092, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 59032, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 52640, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 51700, 'http'],
  ['onChunkDownloaded', 50196, 'http'],
  ['onChunkDownloaded', 51136, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 51136, 'http'],
  ['onChunkDownloaded', 53016, 'http'],
  ['onChunkDownloaded', 52828, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 53016, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 56588, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['beat', 834344],
  ['onChunkDownloaded', 56212, 'http'],
  ['onChunkDownloaded', 56776, 'http'],
  ['onChunkDownloaded', 53016, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 59408, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['beat', 114680],
  ['onChunkDownloaded', 51324, 'http'],
  ['onChunkDownloaded', 59596, 'http'],
  ['onChunkDownloaded', 59408, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 53204, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['beat', 59032],
  ['onChunkDownloaded', 52452, 'http'],
  ['onChunkDownloaded', 56212, 'http'],
  ['onChunkDownloaded', 58280, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['beat', 103776],
  ['onChunkDownloaded', 52640, 'p2p', '-PM0203-V7cKjdp5H6qk'],
  ['onChunkDownloaded', 51512, 'http'],
  ['beat', 52828],
  ['beat', 104152],
  ['beat', 53016],
  ['beat', 116184],
  ['beat', 56776],
  ['beat', 115620],
]

/** Plays what was recorded; the heartbeats as they are sent, and the delivery that was set before each. */
function play(recorded: typeof RECORDED) {
  const listeners = new Map<string, (...values: never[]) => void>()
  const engine = {
    addEventListener: (name: string, run: never) => listeners.set(name, run),
    removeEventListener: (name: string) => listeners.delete(name),
  } as unknown as P2pEngine
  const handlers = new Set<(news: SessionNews) => void>()
  let delivery = 'cdn'
  const session = {
    on: (handler: (news: SessionNews) => void) => {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    setContext: (context: { delivery?: string }) => {
      delivery = context.delivery ?? delivery
    },
  }
  const stop = watchP2p(session, engine)
  const beats: { bytes: number; bytes_p2p?: number; peers?: number; delivery: string }[] = []
  for (const [name, ...values] of recorded) {
    if (name !== 'beat') listeners.get(name as string)?.(...(values as never[]))
    else {
      const event = { kind: 'heartbeat', seq: 1, bytes: values[0] as number }
      for (const handler of handlers) handler({ type: 'event', event } as unknown as SessionNews)
      beats.push({ ...event, delivery })
    }
  }
  return { beats, listeners, handlers, stop }
}

test('bytes of peers, peers and delivery, as the real library tells them', () => {
  const { beats, listeners, handlers, stop } = play(RECORDED)
  const sum = (name: 'bytes' | 'bytes_p2p') => beats.reduce((all, beat) => all + (beat[name] ?? 0), 0)
  const p2p = RECORDED.reduce(
    (all, [name, bytes, source]) =>
      name === 'onChunkDownloaded' && source === 'p2p' ? all + (bytes as number) : all,
    0,
  )
  assert.ok(p2p > 500_000, 'the recording has peers in it')
  // The engine loads ahead of what the player takes: never more than it loaded, and most of it by the end.
  assert.ok(sum('bytes_p2p') <= p2p && sum('bytes_p2p') > 0.7 * p2p, `${sum('bytes_p2p')} of ${p2p}`)
  for (const { bytes, bytes_p2p = 0 } of beats) assert.ok(bytes_p2p <= bytes)
  assert.deepEqual([beats[0]!.peers, beats[0]!.delivery, beats[0]!.bytes_p2p], [0, 'cdn', 0])
  assert.deepEqual([beats.at(-1)!.peers, beats.at(-1)!.delivery], [1, 'p2p'])
  stop()
  assert.equal(listeners.size + handlers.size, 0, 'nothing is left behind')
})

test('a stall without bytes keeps the delivery that it waits for; peers that leave are gone', () => {
  const { beats } = play([
    ['onPeerConnect', { peerId: 'a', streamType: 'main' }],
    ['onPeerConnect', { peerId: 'b', streamType: 'main' }],
    ['onChunkDownloaded', 9_000, 'p2p', 'a'],
    ['onChunkDownloaded', 1_000, 'http'],
    ['beat', 10_000],
    ['onPeerClose', { peerId: 'a', streamType: 'main' }],
    ['beat', 0],
    ['onChunkDownloaded', 10_000, 'http'],
    ['beat', 10_000],
  ])
  assert.deepEqual(
    beats.map(({ bytes_p2p, peers, delivery }) => [bytes_p2p, peers, delivery]),
    [
      [9_000, 2, 'p2p'],
      [undefined, 1, 'p2p'],
      [0, 1, 'cdn'],
    ],
  )
})
