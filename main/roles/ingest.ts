import { authenticateHooks } from '../../collector/auth/hooks.ts'
import { DEMO } from '../../collector/auth/tenants.ts'
import { ingestRoutes } from '../../ingest/routes.ts'
import { type BeaconSender, sendBeacons } from '../../ingest/sendBeacons.ts'
import { readSources, startSources } from '../../ingest/sources.ts'
import type { EventGroup, EventRoute } from '../../schemas/eventRoute.ts'
import type { Context, Role } from '../context.ts'
import { expectedError } from '../expectedError.ts'
import { keyRingOf } from '../serverKeys.ts'

/** Addresses under `/v1/ingest/` for the hooks of encoders and media servers. */
export function mediaRoutes(context: Context): EventRoute[] {
  const { config, emit, clock } = context
  const byName = new Map(config.tenants.map((tenant) => [tenant.name, tenant]))
  const hookTenant = authenticateHooks({
    ring: keyRingOf(context, clock),
    policies: Object.fromEntries(
      config.tenants.map(({ name, hook_addresses, hook_secrets }) => [
        name,
        { addresses: hook_addresses, secrets: hook_secrets },
      ]),
    ),
  })
  return ingestRoutes({
    tenantOf: (_key, { request, source }) => hookTenant(request, source),
    publishSecrets: (tenant) => byName.get(tenant)?.publish_secrets ?? [],
    publishIsGuarded: () => config.tenants.some(({ publish_secrets = [] }) => publish_secrets.length > 0),
    livekit: config.livekit,
    emit,
    clock,
  })
}

/** Asks and listens to the sources of the configuration; what they say goes to the collector like any beacon. */
export async function startIngest(
  { config, emit, clock, ownKeyOf }: Context,
  collectorUrl: string,
): Promise<Role> {
  const read = readSources(config.sources)
  if (!read.ok) throw expectedError(`${read.error}. See docs/sources.md.`)
  const standard = config.demo_tenant ? DEMO : (config.tenants[0]?.name ?? DEMO)
  const senders = new Map<string, BeaconSender>()
  const senderOf = (tenant: string): BeaconSender => {
    let sender = senders.get(tenant)
    if (sender === undefined)
      senders.set(tenant, (sender = sendBeacons({ url: collectorUrl, key: ownKeyOf(tenant), emit, clock })))
    return sender
  }
  const sources = await startSources({
    sources: read.sources,
    tenant: standard,
    emit,
    clock,
    send: async (groups: readonly EventGroup[]) => {
      for (const group of groups) await senderOf(group.tenant ?? standard).send([group])
    },
  })
  return {
    name: 'ingest',
    readiness: () => undefined,
    async close() {
      await sources.stop()
      for (const sender of senders.values()) await sender.stop()
    },
  }
}
