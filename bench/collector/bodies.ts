const BEAT_MS = 10_000

/** One event of 38 fields, context and event together, and a beacon of `count` such events, which share the ten seconds of a beat. */
export function beaconBody(index: number, count: number, time_ms: number): string {
  const context = {
    app: 'shop',
    show: 'gala',
    stream: `main-${index % 4}`,
    session: `0b5e1f3c-${String(index).padStart(6, '0')}`,
    viewer: `viewer-${index}`,
    cdn: index % 2 ? 'cdn-a' : 'cdn-b',
    network: 'wifi',
    device: 'phone',
    os: 'android',
    container: 'app',
    player: 'hls.js',
    player_version: '1.7.4',
    protocol: 'hls',
    codec: 'h264',
    rendition: '720p',
    delivery: 'cdn',
  }
  const event = (seq: number) => ({
    kind: 'heartbeat',
    seq,
    time_ms,
    interval_ms: BEAT_MS / count,
    reason: 'interval',
    state: 'playing',
    played_ms: (0.95 * BEAT_MS) / count,
    stalled_ms: index % 10 === 0 ? (0.05 * BEAT_MS) / count : 0,
    stall_count: 1,
    playback_rate: 1,
    bitrate_kbps: 2_500.5,
    bandwidth_kbps: 8_200 + index,
    fps_rendered: 25,
    fps_decoded: 25,
    frames_rendered: 237,
    frames_dropped: 2,
    buffer_ms: 3_200,
    live_latency_ms: 4_100 + index,
    width: 1280,
    height: 720,
    requests: 5,
    bytes: 3_125_000,
  })
  return JSON.stringify({
    sent_ms: time_ms,
    context,
    events: Array.from({ length: count }, (_, at) => event(index * count + at + 1)),
  })
}
