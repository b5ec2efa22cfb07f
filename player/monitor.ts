import { hls } from './adapters/hls.ts'
import { createMonitor } from './createMonitor.ts'

/** `monitor` with the adapters of the script tag: native `<video>` and hls.js. */
export const monitor = createMonitor([hls])
