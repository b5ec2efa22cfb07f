import type { BeaconEvent } from '../../schemas/beacon.ts'
import { type HookOptions, mayPublish, tenantOfHook } from '../publishing.ts'
import { readObject, textIn } from '../readJson.ts'
import type { IngestRoute } from '../route.ts'

const SAYS: Readonly<Record<string, { event: string; status: 'up' | 'down' }>> = {
  ready: { event: 'publish', status: 'up' },
  notReady: { event: 'unpublish', status: 'down' },
}

/**
 * `runOnReady` and `runOnNotReady`, which are commands:
 * `curl -X POST "http://…/v1/ingest/mediamtx?key=…&event=ready&path=$MTX_PATH"`.
 */
export function mediamtxRoute(options: HookOptions): IngestRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/mediamtx',
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, 'mediamtx')
      if (typeof tenant !== 'string') return tenant.refused
      const { path: stream, event: said = '', show, node = '' } = request.query
      const says = SAYS[said]
      if (!stream || says === undefined)
        return { status: 400, body: 'path is missing, or event is not ready or notReady' }
      const event: BeaconEvent<'hop'> = { kind: 'hop', hop: 'ingest', node, ...says }
      const context = { ...(show ? { show } : {}), stream }
      return { status: 204, events: [{ tenant, source: 'mediamtx', context, events: [event] }] }
    },
  }
}

/** MediaMTX's `authHTTPAddress`: 204 lets the client go on, 401 does not. Only publishing needs a signed stream key. */
export function mediamtxAuthRoute(options: HookOptions): IngestRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/mediamtx/auth',
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, 'mediamtx')
      if (typeof tenant !== 'string') return { status: 401 }
      const asked = readObject(request.body)
      if (asked === undefined) return { status: 400 }
      if (asked.action !== 'publish') return { status: 204 }
      const path = textIn(asked.path)
      const at = path.lastIndexOf('/')
      const publisher = {
        source: 'mediamtx',
        app: path.slice(0, Math.max(0, at)),
        stream: path.slice(at + 1),
        args: textIn(asked.query),
      }
      return mayPublish(tenant, publisher, options) === true ? { status: 204 } : { status: 401 }
    },
  }
}
