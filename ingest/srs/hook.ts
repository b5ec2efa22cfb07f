import { resolve } from 'node:path'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { EventAnswer, EventRoute, Inbound } from '../../schemas/eventRoute.ts'
import { type NumberReader, numberReader } from '../../schemas/readNumber.ts'
import { known } from '../counters.ts'
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
import { readUnambiguous, textIn } from '../readJson.ts'
import { recorded } from '../recording.ts'

/** SRS lets a client go on only when the status is 200 and the body is `0`, or an object with `code: 0`. */
const GO_ON: EventAnswer = { status: 200, contentType: 'application/json', body: '0' }
const REFUSED: EventAnswer = { status: 403, contentType: 'application/json', body: '1' }
/** `on_forward` wants to know where else the stream should go: nowhere. */
const FORWARD_NOWHERE: EventAnswer = { ...GO_ON, body: '{"code":0,"data":{"urls":[]}}' }

type Hook = Readonly<Record<string, unknown>>

/** Actions that say nothing about a hop. */
const OF_NO_CONCERN = new Set(['on_connect', 'on_close', 'on_play', 'on_stop', 'on_forward'])
/** Actions that begin no stream. Where publishing is guarded every other one is judged as a publish. */
const NO_PUBLISH = new Set([...OF_NO_CONCERN, 'on_unpublish', 'on_hls', 'on_dvr'])

function eventOf(hook: Hook, number: NumberReader): BeaconEvent<'hop'> | undefined {
  const node = textIn(hook.server_id)
  switch (hook.action) {
    case 'on_publish':
      return { kind: 'hop', hop: 'ingest', node, event: 'publish', status: 'up' }
    case 'on_unpublish':
      return { kind: 'hop', hop: 'ingest', node, event: 'unpublish', status: 'down' }
    case 'on_hls': {
      const duration_s = number('duration', hook.duration, { max: 3_600, unit: 's' })
      const segment_duration_ms = duration_s === undefined ? undefined : duration_s * 1000
      return { kind: 'hop', hop: 'origin', node, event: 'segment', ...known({ segment_duration_ms }) }
    }
    default:
      return undefined
  }
}

/** The recording's file; a relative one is beside SRS's working folder. */
const fileOf = ({ cwd, file }: Hook): string =>
  textIn(file) === '' ? '' : resolve(textIn(cwd), textIn(file))

/** The hook's fields: a JSON body, or the query where a proxy made it a GET. */
const readHook = (request: Inbound): Hook | undefined =>
  readUnambiguous(request.body) ?? (request.query.action === undefined ? undefined : request.query)

/**
 * SRS's HTTP callbacks: `on_publish`, `on_unpublish`, `on_hls` and `on_dvr` become events; every other hook is let
 * through. Only `on_publish`, and what cannot be told from it, can be refused, where the tenant has `publish_secrets` and
 * the stream key does not fit.
 */
export function srsRoutes(options: HookOptions): EventRoute[] {
  const number = numberReader('srs', options.emit)

  const publishers = createPublishers()

  async function handle(request: Inbound): Promise<EventAnswer> {
    const hook = readHook(request)
    if (hook === undefined) {
      const tenant = tenantOfHook(request, options, 'srs')
      return answerUnreadable(options, { source: 'srs', tenant }, { letThrough: GO_ON, refuse: REFUSED })
    }
    const action = textIn(hook.action)
    // SRS reads its answer as an object: a bare 0 would cut the publisher.
    if (action === 'on_forward') return FORWARD_NOWHERE
    const tenant = tenantOfHook(request, options, 'srs')
    const publishes = !NO_PUBLISH.has(action)
    if (tenant === undefined) return publishes && isGuarded(options, tenant) ? REFUSED : GO_ON
    const stream = textIn(hook.stream)
    const args = textIn(hook.param)
    const publisher = { source: 'srs', app: textIn(hook.app), stream, args }
    if (publishes) {
      const reason = mayPublish(tenant, publisher, options)
      const node = textIn(hook.server_id)
      if (reason !== true)
        return refuseWith(REFUSED, { ...publisher, tenant, node }, { reason, show: request.query.show })
    }
    if (action === 'on_unpublish' && !mayUnpublish(tenant, publisher, options)) return GO_ON
    const event =
      action === 'on_dvr'
        ? await recorded({ node: textIn(hook.server_id), path: fileOf(hook) }, options.fileBytes)
        : eventOf(hook, number)
    if (event === undefined) {
      if (!OF_NO_CONCERN.has(action)) noteHook(options, 'srs', 'unknown_action', action)
      return GO_ON
    }
    if (stream === '') {
      noteHook(options, 'srs', 'no_stream', action)
      return GO_ON
    }
    const name = `${tenant} ${textIn(hook.server_id)} ${publisher.app}/${stream}`
    const client = textIn(hook.client_id)
    if (action === 'on_publish') publishers.began(name, client, options.clock())
    if (action === 'on_unpublish' && !publishers.ended(name, client, options.clock())) return GO_ON
    const show = new URLSearchParams(args.replace(/^\?/, '')).get('show') ?? request.query.show
    return answerWith(GO_ON, { tenant, source: 'srs', show, stream }, event)
  }
  return (['POST', 'GET'] as const).map((method) => ({
    method,
    path: '/v1/ingest/srs',
    letThrough: letThroughUnlessGuarded(options, GO_ON),
    handle,
  }))
}
