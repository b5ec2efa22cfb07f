import { progressRoute } from './ffmpeg/progressRoute.ts'
import { type LivekitOptions, livekitRoute } from './livekit/webhook.ts'
import { mediamtxAuthRoute, mediamtxRoute } from './mediamtx/hook.ts'
import { nginxRtmpRoute } from './nginx-rtmp/hook.ts'
import type { HookOptions } from './publishing.ts'
import type { IngestRoute } from './route.ts'
import { srsRoute } from './srs/hook.ts'

export interface IngestRoutesOptions extends HookOptions {
  /** LiveKit's API keys; none: its webhooks are refused. */
  readonly livekit?: LivekitOptions['apiKeys']
}

/** Every address under `/v1/ingest/`, for a collector to mount. */
export function ingestRoutes(options: IngestRoutesOptions): IngestRoute[] {
  const { emit, clock, livekit = {} } = options
  return [
    nginxRtmpRoute(options),
    progressRoute(options),
    srsRoute(options),
    mediamtxRoute(options),
    mediamtxAuthRoute(options),
    livekitRoute({ apiKeys: livekit, emit, clock }),
  ]
}
