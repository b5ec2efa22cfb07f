import type { EventRoute } from '../schemas/eventRoute.ts'
import { progressRoute } from './ffmpeg/progressRoute.ts'
import { type LivekitOptions, livekitRoute } from './livekit/webhook.ts'
import { mediamtxAuthRoute, mediamtxRoutes } from './mediamtx/hook.ts'
import { nginxRtmpRoutes } from './nginx-rtmp/hook.ts'
import { otlpRoutes } from './otlp/routes.ts'
import type { HookOptions } from './publishing.ts'
import { srsRoutes } from './srs/hook.ts'

export interface IngestRoutesOptions extends HookOptions {
  /** LiveKit's API keys; none: its webhooks are refused. */
  readonly livekit?: LivekitOptions['apiKeys']
}

/** Every address under `/v1/ingest/`, for a collector to mount. */
export function ingestRoutes(options: IngestRoutesOptions): EventRoute[] {
  const { emit, clock, livekit = {} } = options
  return [
    ...nginxRtmpRoutes(options),
    progressRoute(options),
    ...srsRoutes(options),
    ...mediamtxRoutes(options),
    mediamtxAuthRoute(options),
    ...otlpRoutes(options),
    livekitRoute({ apiKeys: livekit, emit, clock }),
  ]
}
