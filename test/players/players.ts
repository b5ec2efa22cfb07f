import type { PlayerLibrary } from '../stream/index.ts'
import type { Stage } from './stage.ts'

/** One player of the test: how a page turns it on, and which stream it takes. */
export interface PlayerUnderTest {
  readonly name: string
  readonly library?: PlayerLibrary
  /** The adapter's own script tag, where it is not in `/firstframe.js`. */
  readonly script?: string
  readonly source: 'hls' | 'dash' | 'flv' | 'file'
  /** Body of `async start(url, options)`: makes the player, monitors it, plays; `watch(player)` does the monitoring. */
  readonly start: string
  readonly codec?: string
  /** Its stream says when it was filmed. */
  readonly dated?: true
}

export const PLAYERS: readonly PlayerUnderTest[] = [
  {
    name: 'hls.js',
    dated: true,
    library: 'hls.js',
    source: 'hls',
    codec: 'h264',
    start: `window.player = new Hls({ liveSyncDurationCount: 2 })
      watch(player)
      player.loadSource(url)
      player.attachMedia(video)`,
  },
  {
    name: 'dash.js',
    dated: true,
    library: 'dashjs',
    script: '/firstframe-dash.js',
    source: 'dash',
    codec: 'h264',
    start: `window.player = dashjs.MediaPlayer().create()
      player.updateSettings({ streaming: { delay: { liveDelay: 3 }, liveCatchup: { enabled: false } } })
      player.clearDefaultUTCTimingSources()
      watch(player)
      player.initialize(video, url, true)`,
  },
  {
    name: 'shaka',
    dated: true,
    library: 'shaka',
    script: '/firstframe-shaka.js',
    source: 'dash',
    codec: 'h264',
    start: `shaka.polyfill.installAll()
      window.player = new shaka.Player()
      await player.attach(video)
      player.configure({ manifest: { defaultPresentationDelay: 3 } })
      watch(player)
      await player.load(url)`,
  },
  {
    name: 'mpegts.js',
    library: 'mpegts.js',
    script: '/firstframe-mpegts.js',
    source: 'flv',
    codec: 'h264',
    start: `window.player = mpegts.createPlayer({ type: 'flv', isLive: true, url })
      watch(player)
      player.attachMediaElement(video)
      player.load()
      player.play()`,
  },
  {
    name: 'video.js',
    dated: true,
    library: 'video.js',
    script: '/firstframe-videojs.js',
    source: 'hls',
    codec: 'h264',
    start: `window.player = videojs(video, { html5: { vhs: { overrideNative: true } } })
      watch(player)
      player.src({ src: url, type: 'application/x-mpegURL' })`,
  },
  {
    name: 'native',
    source: 'file',
    start: `watch()
      video.src = url`,
  },
]

/** The page's scripts: the SDK, the adapter's own, and `start(url, options)`. */
export const pageScripts = (stage: Pick<Stage, 'files'>, player: PlayerUnderTest): string[] => [
  stage.files['/firstframe.js']!.body.toString(),
  ...(player.script === undefined ? [] : [stage.files[player.script]!.body.toString()]),
  `// video.js gives the element's id to a box around it.
  window.video = document.querySelector('video')
  window.start = async (url, options) => {
    const watch = (player) => {
      watchTruth(video)
      window.session = Firstframe.monitor(video, { key: 'demo', show: 'gala', stream: 'main', player, ...options })
    }
    ${player.start}
  }`,
]
