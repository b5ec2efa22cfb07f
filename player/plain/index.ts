/** Players without a media element: mini-programs, React Native, canvas and WebAssembly players, native bridges. */
export type { MediaRequest, PlaybackError, Rendition } from '../adapter.ts'
export { fetchHost } from './fetchHost.ts'
export {
  type ComponentEvent,
  type LivePlayerMonitor,
  type MiniProgramOptions,
  monitorLivePlayer,
  monitorVideoComponent,
  type VideoComponentMonitor,
} from './livePlayer.ts'
export { type MiniProgramApi, miniProgramHost, storedViewer } from './miniProgramHost.ts'
export { monitorPlain, type PlainHost, type PlainOptions, type PlainSession } from './monitorPlain.ts'
export {
  monitorReactNativeVideo,
  type ReactNativeOptions,
  type ReactNativeProps,
} from './reactNativeVideo.ts'
