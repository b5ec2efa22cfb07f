import type { Adapter } from '../adapter.ts'
import { hls } from '../adapters/hls.ts'
import { native } from '../adapters/native.ts'
import { createMonitor } from '../createMonitor.ts'

export type * from '../adapter.ts'
export type { MonitorOptions, Session, TrackFields } from '../createMonitor.ts'
export { createMonitor, hls, native }

/** Adapters asked in turn; a further script tag (`/firstframe-dash.js`) adds its own. */
export const adapters: Adapter[] = [hls]
export const monitor = createMonitor(adapters)
