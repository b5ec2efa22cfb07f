import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { EventAnswer, EventRoute, Inbound } from '../../schemas/eventRoute.ts'
import { type NumberReader, numberReader } from '../../schemas/readNumber.ts'
import {
  answerUnreadable,
  answerWith,
  type HookOptions,
  isGuarded,
  letThroughUnlessGuarded,
  mayPublish,
  noteHook,
  refuseWith,
  tenantOfHook,
} from '../publishing.ts'
import { readObject, readUnambiguous, textIn } from '../readJson.ts'
import { recorded } from '../recording.ts'

const UP = { event: 'publish', status: 'up' } as const
const DOWN = { event: 'unpublish', status: 'down' } as const

/** By the name of the command's setting without `runOn`; older versions say publish, newer ones online. */
const EVENTS: Readonly<Record<string, { event: string; status?: 'up' | 'down' }>> = {
  ready: UP,
  publish: UP,
  available: UP,
  online: UP,
  notready: DOWN,
  unpublish: DOWN,
  notavailable: DOWN,
  offline: DOWN,
  recordsegmentcomplete: { event: 'record' },
}

/** Commands that say nothing about a hop. */
const OF_NO_CONCERN = new Set(
  'init demand undemand connect disconnect read unread recordsegmentcreate'.split(' '),
)

/** `$MTX_SEGMENT_DURATION` is in seconds. */
function durationOf(text: string | undefined, number: NumberReader): number | undefined {
  const seconds = number('duration', text, { max: 3_600 })
  return seconds === undefined ? undefined : seconds * 1000
}

const LET_THROUGH: EventAnswer = { status: 204 }

/**
 * MediaMTX's hooks are commands; each calls this address:
 * `curl -X POST "http://…/v1/ingest/mediamtx?key=…&event=ready&path=$MTX_PATH"`.
 */
export function mediamtxRoutes(options: HookOptions): EventRoute[] {
  const number = numberReader('mediamtx', options.emit)

  async function handle(request: Inbound): Promise<EventAnswer> {
    const tenant = tenantOfHook(request, options, 'mediamtx')
    if (tenant === undefined) return LET_THROUGH
    const text = request.body.toString('utf8')
    const values = {
      ...(readObject(text) ?? Object.fromEntries(new URLSearchParams(text))),
      ...request.query,
    }
    const [stream = '', name = '', show = '', node = ''] = ['path', 'event', 'show', 'node'].map((field) =>
      textIn(values[field]),
    )
    const action = name.toLowerCase().replace(/^runon/, '')
    const fields = Object.hasOwn(EVENTS, action) ? EVENTS[action] : undefined
    if (fields === undefined) {
      if (!OF_NO_CONCERN.has(action)) noteHook(options, 'mediamtx', 'unknown_action', name)
      return LET_THROUGH
    }
    if (stream === '') {
      noteHook(options, 'mediamtx', 'no_stream', name)
      return LET_THROUGH
    }
    const event: BeaconEvent<'hop'> =
      fields.event === 'record'
        ? await recorded(
            { node, path: textIn(values.segment), duration_ms: durationOf(textIn(values.duration), number) },
            options.fileBytes,
          )
        : { kind: 'hop', hop: 'ingest', node, ...fields }
    return answerWith(LET_THROUGH, { tenant, source: 'mediamtx', show, stream }, event)
  }
  return (['POST', 'GET'] as const).map((method) => ({ method, path: '/v1/ingest/mediamtx', handle }))
}

const REFUSED: EventAnswer = { status: 401 }
/** What MediaMTX asks about besides publishing. Where publishing is guarded any other action is judged as a publish. */
const NO_PUBLISH = new Set('read playback api metrics pprof'.split(' '))

/** MediaMTX's `authHTTPAddress`: 204 lets the client go on, 401 does not. Only publishing needs a signed stream key. */
export function mediamtxAuthRoute(options: HookOptions): EventRoute {
  return {
    method: 'POST',
    path: '/v1/ingest/mediamtx/auth',
    letThrough: letThroughUnlessGuarded(options, LET_THROUGH),
    handle: async (request) => {
      const body = readUnambiguous(request.body)
      const tenant = tenantOfHook(request, options, 'mediamtx')
      if (body === undefined) {
        const answers = { letThrough: LET_THROUGH, refuse: REFUSED }
        return answerUnreadable(options, { source: 'mediamtx', tenant }, answers)
      }
      if (NO_PUBLISH.has(textIn(body.action))) return LET_THROUGH
      if (tenant === undefined) return isGuarded(options, tenant) ? REFUSED : LET_THROUGH
      const path = textIn(body.path)
      const at = path.lastIndexOf('/')
      const publisher = {
        source: 'mediamtx',
        app: path.slice(0, Math.max(0, at)),
        stream: path.slice(at + 1),
        args: textIn(body.query),
      }
      const reason = mayPublish(tenant, publisher, options)
      if (reason === true) return LET_THROUGH
      const { show, node = '' } = request.query
      return refuseWith(REFUSED, { ...publisher, tenant, node }, { reason, show })
    },
  }
}
