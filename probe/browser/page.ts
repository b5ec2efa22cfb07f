/** What one look at the picture and the sound showed. */
export interface PageLook {
  readonly media_ms: number
  readonly black_ratio: number
  readonly change: number
  readonly level: number
}

export interface PageState {
  readonly error: string
  readonly firstFrame_ms: number
  readonly looks: readonly PageLook[]
  readonly hasAudio: boolean
  readonly width: number
  readonly height: number
  readonly dropped: number
  readonly total: number
}

/**
 * The page's own script: plays an address by the real player and looks ten times a second. Luma under 24 of 255 counts
 * as black; `change` is the mean difference of luma from the look before; `level` the loudest sample, 0 … 1.
 */
export const PAGE_SCRIPT = `
const video = document.getElementById('video')
const state = { error: '', firstFrame_ms: -1, looks: [], hasAudio: false, width: 0, height: 0, dropped: 0, total: 0 }
window.probeState = () => {
  const quality = video.getVideoPlaybackQuality()
  state.width = video.videoWidth
  state.height = video.videoHeight
  state.dropped = quality.droppedVideoFrames
  state.total = quality.totalVideoFrames
  return state
}
const fail = (why) => { state.error ||= String(why) }
video.addEventListener('error', () => fail(video.error ? video.error.message || 'media error ' + video.error.code : 'media error'))

const W = 64, H = 36
const canvas = document.createElement('canvas')
canvas.width = W
canvas.height = H
const context = canvas.getContext('2d', { willReadFrequently: true })
let before
let analyser, samples
function listen() {
  const audio = new AudioContext()
  analyser = audio.createAnalyser()
  analyser.fftSize = 8192
  samples = new Float32Array(analyser.fftSize)
  // not connected to the speakers: the probe listens, nobody else
  audio.createMediaElementSource(video).connect(analyser)
  audio.resume()
}
function look() {
  if (state.firstFrame_ms < 0) return
  context.drawImage(video, 0, 0, W, H)
  const pixels = context.getImageData(0, 0, W, H).data
  const luma = new Float32Array(W * H)
  let black = 0, change = 0
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.2126 * pixels[i * 4] + 0.7152 * pixels[i * 4 + 1] + 0.0722 * pixels[i * 4 + 2]
    if (luma[i] < 24) black++
    if (before) change += Math.abs(luma[i] - before[i])
  }
  let level = 0
  analyser.getFloatTimeDomainData(samples)
  for (const sample of samples) level = Math.max(level, Math.abs(sample))
  state.looks.push({
    media_ms: video.currentTime * 1000,
    black_ratio: black / luma.length,
    change: before ? change / luma.length : 255,
    level,
  })
  before = luma
}
window.probePlay = (kind, url) => {
  const started_ms = performance.now()
  listen()
  video.requestVideoFrameCallback(() => { state.firstFrame_ms = performance.now() - started_ms })
  setInterval(look, 100)
  if (kind === 'hls.js') {
    const hls = new Hls({ lowLatencyMode: true })
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) fail(data.type + ' ' + data.details) })
    hls.on(Hls.Events.BUFFER_CODECS, (_, tracks) => { if (tracks.audio || tracks.audiovideo) state.hasAudio = true })
    hls.loadSource(url)
    hls.attachMedia(video)
    window.player = hls
  } else if (kind === 'dash.js') {
    const player = dashjs.MediaPlayer().create()
    player.on('error', (event) => fail(event.error ? event.error.message : 'error'))
    player.on('streamInitialized', () => { state.hasAudio = player.getTracksFor('audio').length > 0 })
    player.initialize(video, url, true)
    window.player = player
  } else {
    const player = mpegts.createPlayer({ type: 'flv', isLive: true, url })
    player.on(mpegts.Events.ERROR, (type, detail) => fail(type + ' ' + detail))
    player.on(mpegts.Events.MEDIA_INFO, (info) => { state.hasAudio = info.hasAudio })
    player.attachMediaElement(video)
    player.load()
    window.player = player
  }
  video.play().catch((error) => { if (error.name !== 'AbortError') fail(error.message) })
}
`

export const PLAYERS = {
  hls: { name: 'hls.js', file: 'hls.js/dist/hls.min.js' },
  'll-hls': { name: 'hls.js', file: 'hls.js/dist/hls.min.js' },
  dash: { name: 'dash.js', file: 'dashjs/dist/modern/umd/dash.all.min.js' },
  'http-flv': { name: 'mpegts.js', file: 'mpegts.js/dist/mpegts.js' },
} as const
