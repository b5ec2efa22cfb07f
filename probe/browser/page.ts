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
  /** It plays and has no picture. */
  readonly soundOnly: boolean
  /** How alike the logo's place and its reference are, -1 … 1; absent without a reference. */
  readonly logo?: number
  /** The picture at the end, JPEG in base64; '' when there was none. */
  readonly shot: string
}

/**
 * The page's own script: plays an address by the real player and looks ten times a second. Luma under 24 of 255 counts
 * as black; `change` is the mean difference of luma from the look before; `level` the loudest sample, 0 … 1. A logo is compared by
 * the correlation of its luma, over the mean of all looks: what moves behind it averages out.
 */
export const PAGE_SCRIPT = `
const video = document.getElementById('video')
const state = { error: '', firstFrame_ms: -1, looks: [], hasAudio: false, width: 0, height: 0, dropped: 0, total: 0, soundOnly: false, shot: '' }
window.probeState = () => {
  const quality = video.getVideoPlaybackQuality()
  state.width = video.videoWidth
  state.height = video.videoHeight
  state.dropped = quality.droppedVideoFrames
  state.total = quality.totalVideoFrames
  if (logo && logo.looks > 0) state.logo = alike(logo.mean.map((sum) => sum / logo.looks), logo.reference)
  return state
}
window.probeShot = () => {
  if (!video.videoWidth) return ''
  const shot = document.createElement('canvas')
  shot.width = 320
  shot.height = Math.max(2, Math.round((320 * video.videoHeight) / video.videoWidth))
  shot.getContext('2d').drawImage(video, 0, 0, shot.width, shot.height)
  return shot.toDataURL('image/jpeg', 0.6).split(',')[1]
}
let logo
const lumaOf = (context, width, height) => {
  const pixels = context.getImageData(0, 0, width, height).data
  return Float32Array.from({ length: width * height }, (_, i) => 0.2126 * pixels[i * 4] + 0.7152 * pixels[i * 4 + 1] + 0.0722 * pixels[i * 4 + 2])
}
const alike = (a, b) => {
  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  let ab = 0, aa = 0, bb = 0
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb)
    aa += (a[i] - ma) ** 2
    bb += (b[i] - mb) ** 2
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0
}
const LOGO = 48
const region = document.createElement('canvas')
region.width = region.height = LOGO
const regionContext = region.getContext('2d', { willReadFrequently: true })
window.probeLogo = async ({ image, ...place }) => {
  const reference = await createImageBitmap(await (await fetch(image)).blob())
  regionContext.drawImage(reference, 0, 0, LOGO, LOGO)
  logo = { ...place, reference: lumaOf(regionContext, LOGO, LOGO), mean: new Float32Array(LOGO * LOGO), looks: 0 }
}
function lookAtLogo() {
  const { videoWidth: w, videoHeight: h } = video
  regionContext.drawImage(video, logo.x * w, logo.y * h, logo.width * w, logo.height * h, 0, 0, LOGO, LOGO)
  lumaOf(regionContext, LOGO, LOGO).forEach((value, i) => { logo.mean[i] += value })
  logo.looks++
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
  if (state.soundOnly) return state.looks.push({ media_ms: video.currentTime * 1000, black_ratio: 0, change: 255, level: loudest() })
  if (logo) lookAtLogo()
  context.drawImage(video, 0, 0, W, H)
  const luma = lumaOf(context, W, H)
  let black = 0, change = 0
  for (let i = 0; i < luma.length; i++) {
    if (luma[i] < 24) black++
    if (before) change += Math.abs(luma[i] - before[i])
  }
  state.looks.push({
    media_ms: video.currentTime * 1000,
    black_ratio: black / luma.length,
    change: before ? change / luma.length : 255,
    level: loudest(),
  })
  before = luma
}
function loudest() {
  analyser.getFloatTimeDomainData(samples)
  return samples.reduce((level, sample) => Math.max(level, Math.abs(sample)), 0)
}
window.probePlay = (kind, url) => {
  const started_ms = performance.now()
  listen()
  video.requestVideoFrameCallback(() => { state.firstFrame_ms = performance.now() - started_ms })
  // Sound alone has no frame: it begins when it is heard.
  video.addEventListener('timeupdate', () => {
    if (video.videoWidth || state.firstFrame_ms >= 0 || video.currentTime === 0 || video.readyState < 2) return
    state.soundOnly = state.hasAudio = true
    state.firstFrame_ms = performance.now() - started_ms
  })
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
