import { validateContext } from '../schemas/derive/validate.ts'
import type { Answer, Endpoint, ExtraRoute, Inbound } from './http/endpoint.ts'
import type { Intake } from './intake.ts'
import { DEMO, type Tenant } from './tenants.ts'

export interface ExtraRouteOptions {
  readonly intake: Intake
  readonly tenantNamed: (name: string) => Tenant
}

/** Makes another folder's route an endpoint: its events take the same way as a beacon's. */
export function extraRoute(route: ExtraRoute, { intake, tenantNamed }: ExtraRouteOptions): Endpoint {
  async function handle(request: Inbound): Promise<Answer> {
    const { events: groups = [], evenIfLost = false, ...answer } = await route.handle(request)
    if (groups.length === 0) return answer
    const busy = intake.busy()
    if (busy !== undefined) return evenIfLost ? answer : busy
    const received_ms = intake.received()
    for (const { tenant = DEMO, source = route.path, context, events } of groups) {
      const refusal = validateContext(context)
      if (refusal !== undefined) {
        intake.refuseBody(tenant, refusal, Buffer.from(JSON.stringify({ context, events })), received_ms)
        continue
      }
      const offer = { tenant: tenantNamed(tenant), source, context, events, fromServer: true }
      intake.take(request, offer, received_ms)
    }
    const durable = await intake.whenDurable(answer)
    return evenIfLost ? answer : durable
  }
  return {
    method: route.method,
    path: route.path,
    handle,
    ...(route.contentTypes === undefined ? {} : { contentTypes: route.contentTypes }),
  }
}
