import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { buildPage } from '../../console/build.ts'
import { createConsole } from '../../console/server/console.ts'
import { watchIncidents } from '../../console/server/incidents.ts'
import type { Account } from '../../console/signIn/accounts.ts'
import { createAudit } from '../../console/signIn/audit.ts'
import type { Grant } from '../../console/signIn/openid.ts'
import type { SignInOptions } from '../../console/signIn/serveSignIn.ts'
import type { Log } from '../../log/log.ts'
import { openStateMap } from '../../log/stateMap.ts'
import { STATE_TOPICS } from '../../schemas/topics.ts'
import type { Context, Role } from '../context.ts'
import { ListenError } from '../listenError.ts'
import { openShows } from '../shows.ts'
import { checkSignIn } from './checkStart.ts'
import { consoleSecret } from './consoleSecret.ts'
import type { StoreAccess } from './store.ts'

const hostsOf = (urls: readonly string[]): string[] =>
  urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []))

/** Who is let in, from the configuration. */
function signInOf({ config, clock }: Context, { store }: StoreAccess): SignInOptions {
  checkSignIn(config)
  const { sign_in } = config
  const { kind } = sign_in
  if (kind === 'none' || kind === 'outside') return { kind }
  return {
    kind: kind as 'accounts' | 'openid',
    secret: consoleSecret(config),
    clock,
    https: config.public_url.startsWith('https:'),
    session_hours: sign_in.session_hours,
    accounts: sign_in.accounts as readonly Account[],
    openid:
      kind === 'openid'
        ? {
            issuer: sign_in.issuer,
            client_id: sign_in.client_id,
            client_secret: sign_in.client_secret,
            scope: sign_in.scope,
            claim: sign_in.claim,
            grants: sign_in.grants as readonly Grant[],
            callback: new URL('/sign-in/callback', config.public_url).href,
          }
        : undefined,
    revoked_tokens: sign_in.revoked_tokens,
    audit: createAudit(store, (count) =>
      console.error(`audit: ${count} entries were dropped, since the store took none for too long`),
    ),
  }
}

/** Serves the console's port. With the log, a finding is on the page before it is in the store. */
export async function startConsole(
  context: Context,
  access: StoreAccess,
  log?: Log,
): Promise<Role & { readonly url: string }> {
  const { config, telemetry, emit, clock, name } = context
  const [page, incidents, shows, planned] = await Promise.all([
    buildPage(),
    watchIncidents({ store: access.store, log, name }),
    log === undefined ? undefined : openShows(log, `console-${name}`),
    log === undefined
      ? undefined
      : openStateMap({ log, topic: STATE_TOPICS.incident_state.name, group: `console-planned-${name}` }),
  ])
  const app = createConsole({
    shows,
    planned,
    signIn: signInOf(context, access),
    sql: { url: access.url, ...access.reader, filters: config.store.url === '' },
    metrics: async () => ({ contentType: telemetry.contentType, text: await telemetry.metrics() }),
    page,
    names: [...hostsOf([config.public_url]), ...config.console_names],
    api: {
      store: access.store,
      incidents,
      clock,
      beaconsPort: config.port,
      runbooks: fileURLToPath(new URL('../../docs/runbooks', import.meta.url)),
      tenants: [...(config.demo_tenant ? ['demo'] : []), ...config.tenants.map((tenant) => tenant.name)],
    },
  })
  try {
    await app.listen({ host: config.console_host, port: config.console_port })
  } catch (error) {
    throw new ListenError('console_port', config.console_port, error)
  }
  const { port } = app.server.address() as AddressInfo
  emit({ type: 'started', role: 'console' })
  return {
    name: 'console',
    url: `http://127.0.0.1:${port}`,
    readiness: () => undefined,
    async close() {
      await app.close()
      await incidents.close()
      await shows?.close()
      await planned?.close()
      emit({ type: 'stopped', role: 'console' })
    },
  }
}
