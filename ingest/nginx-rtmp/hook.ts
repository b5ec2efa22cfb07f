import type { BeaconEvent } from '../../schemas/beacon.ts'
import { type HookOptions, mayPublish, tenantOfHook } from '../publishing.ts'
import type { IngestRoute } from '../route.ts'

/** A callback of nginx-rtmp. */
export interface NginxRtmpCall {
  readonly call: string
  readonly app: string
  readonly name: string
  /** Host that the encoder dialled. */
  readonly host: string
  /** What the encoder wrote behind the stream's name. */
  readonly args: URLSearchParams
}

/** Fields that nginx-rtmp writes itself; all others come from the encoder. */
const OWN = new Set(
  'app flashver swfurl tcurl pageurl addr clientid call name type time timestamp recorder path'.split(' '),
)

/**
 * Reads a callback's form. The encoder's arguments are appended raw, so it can write any field a second time:
 * the first of each name is the server's.
 */
export function readNginxRtmpCall(body: string): NginxRtmpCall | undefined {
  const form = new URLSearchParams(body)
  const call = form.get('call')
  const name = form.get('name')
  if (call === null || name === null || name === '') return undefined
  const args = new URLSearchParams()
  for (const [key, value] of form) if (!OWN.has(key) && !args.has(key)) args.append(key, value)
  let host = ''
  try {
    host = new URL(form.get('tcurl') ?? '').hostname
  } catch {
    // An encoder may leave it out.
  }
  return { call, app: form.get('app') ?? '', name, host, args }
}

const SAYS: Readonly<Record<string, { event: string; status: 'up' | 'down' }>> = {
  publish: { event: 'publish', status: 'up' },
  update_publish: { event: 'update', status: 'up' },
  publish_done: { event: 'unpublish', status: 'down' },
}

/** `on_publish`, `on_update`, `on_publish_done`: → `hop` events of the ingest; 403 refuses the publisher. */
export function nginxRtmpRoute(options: HookOptions): IngestRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/nginx-rtmp',
    handle: async (request) => {
      const tenant = tenantOfHook(request, options, 'nginx-rtmp')
      if (typeof tenant !== 'string') return tenant.refused
      const call = readNginxRtmpCall(request.body.toString('utf8'))
      if (call === undefined) return { status: 400, body: 'call or name is missing' }
      if (call.call === 'publish') {
        const publisher = {
          source: 'nginx-rtmp',
          app: call.app,
          stream: call.name,
          args: call.args.toString(),
        }
        const verdict = mayPublish(tenant, publisher, options)
        if (verdict !== true) return { status: 403, body: verdict }
      }
      const says = SAYS[call.call]
      if (says === undefined) return { status: 204 }
      const show = call.args.get('show') ?? request.query.show
      const event: BeaconEvent<'hop'> = {
        kind: 'hop',
        hop: 'ingest',
        node: request.query.node ?? call.host,
        ...says,
      }
      const context = { ...(show ? { show } : {}), stream: call.name }
      return {
        status: 204,
        evenIfLost: true,
        events: [{ tenant, source: 'nginx-rtmp', context, events: [event] }],
      }
    },
  }
}
