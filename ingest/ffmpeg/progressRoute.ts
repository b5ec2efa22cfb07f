import type { EventRoute } from '../../schemas/eventRoute.ts'
import { type HookOptions, tenantOfHook } from '../publishing.ts'
import { progressHop, progressSession } from './progressSession.ts'

/**
 * `POST /v1/ingest/ffmpeg?stream=…`: a whole report, or a part of one, as its body (a script that reads `-progress`
 * by a pipe). Blocks of one body have no times of their own, so only what is counted is told.
 * For a running ffmpeg there is the listener.
 */
export function progressRoute(options: HookOptions): EventRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/ffmpeg',
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, 'ffmpeg')
      if (tenant === undefined) return { status: 403, body: 'unknown_key' }
      const { stream, show, node, hop } = request.query
      if (!stream) return { status: 400, body: 'stream is missing' }
      const session = progressSession({
        hop: progressHop(hop ?? null),
        node: node ?? request.remoteAddress,
        tenant,
        context: { ...(show ? { show } : {}), stream },
      })
      return { status: 204, events: session.read(`${request.body.toString('utf8')}\n`, options.clock()) }
    },
  }
}
