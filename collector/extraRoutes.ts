import { LogError } from '../log/log.ts'
import { validateContext } from '../schemas/derive/validate.ts'
import type { Answer, EventAnswer, EventGroup, EventRoute, Inbound } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import { serverSpeaker } from './auth/speaker.ts'
import { DEMO, type Tenant } from './auth/tenants.ts'
import { NO_CONTENT } from './http/answers.ts'
import type { Endpoint } from './http/endpoint.ts'
import type { Intake } from './intake.ts'

export interface ExtraRouteOptions {
  readonly intake: Intake
  readonly emit: Emit
  readonly tenantNamed: (name: string) => Tenant
}

/** A hook that is answered at any load is small: servers write a few names and numbers. */
const HOOK_BYTES = 65_536

const FROM_WITHIN: Pick<Inbound, 'headers' | 'remoteAddress'> = { headers: {}, remoteAddress: '' }

function put(
  groups: readonly EventGroup[],
  request: Pick<Inbound, 'headers' | 'remoteAddress'>,
  name: string,
  { intake, tenantNamed }: ExtraRouteOptions,
): void {
  const received_ms = intake.received()
  for (const { tenant = DEMO, source = name, context, events } of groups) {
    const refusal = validateContext(context)
    if (refusal === undefined) {
      const offer = { speaker: serverSpeaker(tenantNamed(tenant)), source, context, events, fromServer: true }
      intake.take(request, offer, received_ms)
    } else intake.refuseBody(tenant, refusal, Buffer.from(JSON.stringify({ context, events })), received_ms)
  }
}

/** Makes another folder's route an endpoint: its events take the same way as a beacon's. */
export function extraRoute(route: EventRoute, options: ExtraRouteOptions): Endpoint {
  const { intake, tenantNamed, emit } = options
  const { letThrough } = route
  async function answerOf(request: Inbound): Promise<EventAnswer> {
    try {
      return await route.handle(request)
    } catch (error) {
      const answer = letThrough?.()
      if (answer === undefined) throw error
      emit({ type: 'route_failed', route: route.path, error })
      return answer
    }
  }
  async function handle(request: Inbound): Promise<Answer> {
    const { events: groups = [], evenIfLost = false, ...answer } = await answerOf(request)
    if (groups.length === 0) return answer
    const busy = intake.busy()
    if (busy !== undefined) return evenIfLost ? answer : busy
    for (const { tenant = DEMO, events } of groups) {
      const speaker = serverSpeaker(tenantNamed(tenant))
      const limited = intake.admit(request, speaker, events.length, intake.received())
      if (limited !== undefined) return evenIfLost ? answer : limited
    }
    put(groups, request, route.path, options)
    const durable = await intake.whenDurable(answer)
    return evenIfLost ? answer : durable
  }
  return {
    method: route.method,
    path: route.path,
    handle,
    contentTypes: route.contentTypes,
    always: letThrough !== undefined,
    unread: letThrough,
    body_bytes: letThrough === undefined ? undefined : HOOK_BYTES,
  }
}

/** Events of a source in the same process. */
export async function takeGroups(groups: readonly EventGroup[], options: ExtraRouteOptions): Promise<void> {
  const { intake } = options
  let answer = intake.busy()
  if (answer === undefined && groups.length > 0) {
    put(groups, FROM_WITHIN, 'collector', options)
    answer = await intake.whenDurable(NO_CONTENT)
  }
  if (answer !== undefined && answer !== NO_CONTENT)
    throw new LogError('unavailable', 'the log cannot take more now', { retriable: true })
}
