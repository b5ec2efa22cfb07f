import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createCollector } from '../../collector/collector.ts'
import type { EdgeSource } from '../../collector/edge/edgeSource.ts'
import type { Log } from '../../log/log.ts'
import type { StateMap } from '../../log/stateMap.ts'
import { buildPlayer, builtPlayer } from '../../player/build.ts'
import type { EventRoute } from '../../schemas/eventRoute.ts'
import type { Context, Role } from '../context.ts'
import { unready } from '../context.ts'
import { expectedError } from '../expectedError.ts'
import { ListenError } from '../listenError.ts'
import { keyFileOf, writeKeys } from '../serverKeys.ts'
import { declaredShows } from '../shows.ts'

/** Addresses that give out the player SDK and its types: prebuilt, or built from the sources at start. */
async function sdkRoutes(context: Context): Promise<EventRoute[]> {
  const files = (await builtPlayer()) ?? (await buildPlayer({ outdir: join(context.data, 'sdk') }))
  return Promise.all(
    files.map(async ({ name, file }): Promise<EventRoute> => {
      const body = await readFile(file)
      const contentType = `${file.endsWith('.d.mts') ? 'text/plain' : 'text/javascript'}; charset=utf-8`
      return {
        method: 'GET',
        path: name,
        handle: async () => ({ status: 200, contentType, body }),
      }
    }),
  )
}

/** Collectors beside each other must give a viewer the same hash, or unique viewers count several times. */
function viewerSalt({ config, secret }: Context): string {
  if (config.viewer_salt !== '') return config.viewer_salt
  const own = config.tenants.every(({ salt }) => salt !== undefined) && !config.demo_tenant
  if (config.log.kind === 'kafka' && !own)
    throw expectedError(
      'collectors on Kafka need one secret for viewers’ hashes: set FIRSTFRAME_VIEWER_SALT to the same random text on each, such as that of `openssl rand -hex 32`.',
    )
  return secret
}

/** What the configuration says of each tenant, as the collector takes it. */
function tenantSettings({ tenants }: Context['config']) {
  const by = <T>(read: (tenant: Context['config']['tenants'][number]) => T): Record<string, T> =>
    Object.fromEntries(tenants.map((tenant) => [tenant.name, read(tenant)]))
  return {
    salts: by(({ salt, salt_daily }) => ({ salt, daily: salt_daily })),
    policies: by(({ max_weight, sample, origins, tokens_only }) => ({
      maxWeight: max_weight,
      sample,
      origins,
      tokensOnly: tokens_only,
    })),
    tokenSecrets: by(({ token_secrets = [] }) => token_secrets),
    limits: by(({ requests_per_s, events_per_s, bytes_per_s, streams_per_hour }) => ({
      requests_per_s,
      events_per_s,
      bytes_per_s,
      streams_per_hour,
    })),
  }
}

/** Takes beacons on the public port. */
export async function startCollector(
  context: Context,
  log: Log,
  routes: readonly EventRoute[] = [],
  shows?: StateMap,
): Promise<Role & { readonly url: string }> {
  const { config, emit, clock, name, data } = context
  let closing = false
  const collector = createCollector({
    log,
    name,
    emit,
    clock,
    salt: viewerSalt(context),
    ...tenantSettings(config),
    keys: writeKeys(context),
    keyFile: keyFileOf(config, data),
    demo: config.demo_tenant,
    addresses: config.geo,
    cacheFolder: data,
    trustedProxies: config.trusted_proxies,
    batching: {
      maxRows: config.batch_rows,
      linger_ms: config.linger_ms ?? (config.log.kind === 'kafka' ? 200 : 20),
    },
    edge: Object.fromEntries(config.edge.map(({ name, ...source }) => [name, source as EdgeSource])),
    tickEvery_ms: 500,
    // One process, one answer: it is ready when all that runs in it is.
    unready: () => unready(context),
    ...(shows === undefined ? {} : declaredShows(shows)),
    routes: [...(await sdkRoutes(context)), ...routes],
  })
  try {
    await collector.app.listen({ host: config.host, port: config.port })
  } catch (error) {
    throw new ListenError('port', config.port, error)
  }
  const { port } = collector.app.server.address() as AddressInfo
  emit({ type: 'started', role: 'collector' })
  return {
    name: 'collector',
    url: `http://127.0.0.1:${port}`,
    readiness() {
      if (closing) return 'it is stopping'
      const { ok, reason } = log.health()
      return ok ? undefined : (reason ?? 'the log is away')
    },
    async close() {
      closing = true
      await collector.close()
      emit({ type: 'stopped', role: 'collector' })
    },
  }
}
