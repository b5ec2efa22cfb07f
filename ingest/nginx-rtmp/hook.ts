import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { EventAnswer, EventRoute, Inbound } from '../../schemas/eventRoute.ts'
import { createPublishers } from '../publishers.ts'
import {
  answerUnreadable,
  answerWith,
  type HookOptions,
  isGuarded,
  letThroughUnlessGuarded,
  mayPublish,
  mayUnpublish,
  noteHook,
  refuseWith,
  tenantOfHook,
} from '../publishing.ts'
import { recorded } from '../recording.ts'

/** A callback of nginx-rtmp. */
export interface NginxRtmpCall {
  /** `publish`, `update_publish`, …; '' where it is missing. */
  readonly call: string
  readonly app: string
  /** The stream; '' where there is none yet (`connect`). */
  readonly name: string
  /** The connection's number in its worker. */
  readonly client: string
  /** Host that the encoder dialled. */
  readonly host: string
  /** File of a recording that is done; '' in other calls. */
  readonly path: string
  /** What the encoder wrote behind the stream's name. */
  readonly args: URLSearchParams
}

/** Fields that nginx-rtmp writes itself; all others come from the hook's URL or the encoder. */
const OWN = new Set(
  'app flashver swfurl tcurl pageurl addr epoch clientid call name type time timestamp recorder path'.split(
    ' ',
  ),
)

/**
 * Reads a callback's form. The encoder's arguments are appended raw, so it can write any field a second time:
 * the first of each name is the server's.
 */
export function readNginxRtmpCall(form: URLSearchParams): NginxRtmpCall {
  const args = new URLSearchParams()
  for (const [key, value] of form) if (!OWN.has(key) && !args.has(key)) args.append(key, value)
  let host = ''
  try {
    host = new URL(form.get('tcurl') ?? '').hostname
  } catch {
    // An encoder may leave it out.
  }
  const field = (name: string) => form.get(name) ?? ''
  const [call, app, name, client] = [field('call'), field('app'), field('name'), field('clientid')]
  return { call, app, name, client, host, path: field('path'), args }
}

const EVENTS: Readonly<Record<string, { event: string; status?: 'up' | 'down' }>> = {
  publish: { event: 'publish', status: 'up' },
  update_publish: { event: 'update', status: 'up' },
  publish_done: { event: 'unpublish', status: 'down' },
  record_done: { event: 'record' },
}

/** Calls that say nothing about a hop. */
const OF_NO_CONCERN = new Set(
  'connect disconnect play play_done update_play done record_started record'.split(' '),
)

const LET_THROUGH: EventAnswer = { status: 204 }

/**
 * A request whose query is the hook's own and whose call is apart. With `notify_method get` nginx-rtmp puts its fields
 * behind a question mark of its own, also where the hook's URL has one: `?key=demo&node=a?app=live&call=publish…`.
 */
function readRequest(request: Inbound): { request: Inbound; call: NginxRtmpCall } {
  const inBody = new URLSearchParams(request.body.toString('utf8'))
  if (inBody.has('call')) return { request, call: readNginxRtmpCall(inBody) }
  const own: Record<string, string> = {}
  const form = new URLSearchParams()
  let behind = false
  for (const [name, value] of Object.entries(request.query)) {
    const at = behind ? -1 : value.lastIndexOf('?app=')
    if (at >= 0) {
      own[name] = value.slice(0, at)
      form.append('app', value.slice(at + '?app='.length))
      behind = true
    } else if (behind || OWN.has(name)) {
      behind = true
      form.append(name, value)
    } else own[name] = value
  }
  return { request: { ...request, query: own }, call: readNginxRtmpCall(form) }
}

/**
 * `on_publish`, `on_update`, `on_publish_done`, `on_record_done` → `hop` events of the ingest and the recorder; every other call is let
 * through. 403 refuses a publisher whose stream key does not fit, where the tenant has `publish_secrets`.
 */
export function nginxRtmpRoutes(options: HookOptions): EventRoute[] {
  const publishers = createPublishers()

  async function handle(received: Inbound): Promise<EventAnswer> {
    const { request, call } = readRequest(received)
    const tenant = tenantOfHook(request, options, 'nginx-rtmp')
    if (call.call === '') {
      const answers = { letThrough: LET_THROUGH, refuse: { status: 403, body: 'unreadable' } }
      return answerUnreadable(options, { source: 'nginx-rtmp', tenant }, answers)
    }
    const fields = Object.hasOwn(EVENTS, call.call) ? EVENTS[call.call] : undefined
    // Where publishing is guarded, a call that nobody knows is judged as a publish.
    const publishes = call.call === 'publish' || (fields === undefined && !OF_NO_CONCERN.has(call.call))
    if (tenant === undefined)
      return publishes && isGuarded(options, tenant) ? { status: 403, body: 'unknown_key' } : LET_THROUGH
    const publisher = { source: 'nginx-rtmp', app: call.app, stream: call.name, args: call.args.toString() }
    if (publishes) {
      const verdict = mayPublish(tenant, publisher, options)
      if (verdict !== true)
        return refuseWith(
          { status: 403, body: verdict },
          { ...publisher, tenant, node: request.query.node ?? call.host },
          { reason: verdict, show: request.query.show },
        )
    }
    if (call.call === 'publish_done' && !mayUnpublish(tenant, publisher, options)) return LET_THROUGH
    if (fields === undefined) {
      if (!OF_NO_CONCERN.has(call.call)) noteHook(options, 'nginx-rtmp', 'unknown_action', call.call)
      return LET_THROUGH
    }
    if (call.name === '') {
      noteHook(options, 'nginx-rtmp', 'no_stream', call.call)
      return LET_THROUGH
    }
    const show = call.args.get('show') ?? request.query.show
    const node = request.query.node ?? call.host
    const stream = `${tenant} ${node} ${call.app}/${call.name}`
    if (fields.status === 'up') publishers.began(stream, call.client, options.clock())
    if (fields.status === 'down' && !publishers.ended(stream, call.client, options.clock()))
      return LET_THROUGH
    const event: BeaconEvent<'hop'> =
      call.call === 'record_done'
        ? await recorded({ node, path: call.path }, options.fileBytes)
        : { kind: 'hop', hop: 'ingest', node, ...fields }
    return answerWith(LET_THROUGH, { tenant, source: 'nginx-rtmp', show, stream: call.name }, event)
  }
  return (['POST', 'GET'] as const).map((method) => ({
    method,
    path: '/v1/ingest/nginx-rtmp',
    letThrough: letThroughUnlessGuarded(options, LET_THROUGH),
    handle,
  }))
}
