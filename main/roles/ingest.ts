import type { ExtraRoute } from '../../collector/http/endpoint.ts'
import { DEMO } from '../../collector/auth/tenants.ts'
import type { EventGroup } from '../../ingest/route.ts'
import { ingestRoutes } from '../../ingest/routes.ts'
import { type BeaconSender, sendBeacons } from '../../ingest/sendBeacons.ts'
import { readSources, startSources } from '../../ingest/sources.ts'
import type { Context, Role } from '../context.ts'
import { expectedError } from '../expectedError.ts'

/** Addresses under `/v1/ingest/` for the hooks of encoders and media servers. */
export function mediaRoutes({ config, emit, clock }: Context): ExtraRoute[] {
  const tenants = new Map(config.tenants.map((tenant) => [tenant.key, tenant]))
  const byName = new Map(config.tenants.map((tenant) => [tenant.name, tenant]))
  return ingestRoutes({
    tenantOf: (key) =>
      key === undefined || key === DEMO ? (config.demo_tenant ? DEMO : undefined) : tenants.get(key)?.name,
    publishSecrets: (tenant) => byName.get(tenant)?.publish_secrets ?? [],
    publishIsGuarded: () => config.tenants.some(({ publish_secrets = [] }) => publish_secrets.length > 0),
    livekit: config.livekit,
    emit,
    clock,
  })
}

/** Asks and listens to the sources of the configuration; what they say goes to the collector like any beacon. */
export async function startIngest({ config, emit, clock }: Context, collectorUrl: string): Promise<Role> {
  const read = readSources(config.sources)
  if (!read.ok) throw expectedError(`${read.error}. See docs/sources.md.`)
  const keys = new Map([[DEMO, DEMO], ...config.tenants.map(({ name, key }) => [name, key] as const)])
  const standard = config.demo_tenant ? DEMO : (config.tenants[0]?.name ?? DEMO)
  const senders = new Map<string, BeaconSender>()
  const senderOf = (tenant: string): BeaconSender => {
    let sender = senders.get(tenant)
    if (sender === undefined)
      senders.set(
        tenant,
        (sender = sendBeacons({ url: collectorUrl, key: keys.get(tenant) ?? tenant, emit, clock })),
      )
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
