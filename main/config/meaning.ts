import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import { SourceConfig } from '../../ingest/sources.ts'
import { readTargets } from '../../probe/target.ts'
import { createAddressGuard } from '../../processor/watch/notify/addressGuard.ts'
import { ReceiverConfig } from '../../processor/watch/notify/receiverConfig.ts'
import { duplicateProblems, type Problem, variantProblems } from '../../schemas/problems.ts'
import type { Config } from './schema.ts'

/** What is right by form and cannot work all the same: names that stand twice, addresses that may not be reached. */
export function meaningProblems(config: Config): Problem[] {
  return [
    ...receiverProblems(config.receivers),
    ...variantProblems(SourceConfig.anyOf, config.sources, '/sources'),
    ...readTargets(config.probes).problems,
    ...duplicateProblems(config.edge, 'name', '/edge'),
    ...duplicateProblems(config.tenants, 'name', '/tenants'),
    ...duplicateProblems(config.tenants, 'key', '/tenants').map(({ path }) => ({
      path,
      message: 'another tenant has this key; facts would go to either of them',
    })),
    ...tenantProblems(config),
    ...addressProblems(config),
    ...networkProblems(config.trusted_proxies, '/trusted_proxies'),
    ...config.tenants.flatMap(({ hook_addresses = [] }, index) =>
      networkProblems(hook_addresses, `/tenants/${index}/hook_addresses`),
    ),
    ...signInProblems(config),
  ]
}

/** Lists of addresses and networks. */
const networkProblems = (entries: readonly string[], path: string): Problem[] =>
  entries.flatMap((entry, index): Problem[] => {
    try {
      proxyAddr.compile([entry])
      return []
    } catch {
      const message = `${JSON.stringify(entry)} is no address and no network such as 192.0.2.0/24`
      return [{ path: `${path}/${index}`, message }]
    }
  })

/** A way to sign in that lacks what it needs, so that nobody could. */
function signInProblems({ sign_in, public_url }: Config): Problem[] {
  const empty = (name: string, isEmpty: boolean): Problem[] =>
    isEmpty
      ? [
          {
            path: `/sign_in/${name}`,
            message: `is empty; sign_in.kind ${sign_in.kind} needs it (docs/signIn.md)`,
          },
        ]
      : []
  const secret: Problem[] =
    sign_in.secret === '' || sign_in.secret.length >= 32
      ? []
      : [
          {
            path: '/sign_in/secret',
            message: 'is shorter than 32 characters: `openssl rand -hex 32` makes one',
          },
        ]
  if (sign_in.kind === 'accounts') return [...secret, ...empty('accounts', sign_in.accounts.length === 0)]
  if (sign_in.kind !== 'openid') return secret
  const issuer = sign_in.issuer === '' ? undefined : urlProblem(sign_in.issuer, ['http:', 'https:'])
  return [
    ...secret,
    ...(issuer === undefined ? [] : [{ path: '/sign_in/issuer', message: issuer }]),
    ...empty('issuer', sign_in.issuer === ''),
    ...empty('client_id', sign_in.client_id === ''),
    ...empty('grants', sign_in.grants.length === 0),
    ...(public_url === ''
      ? [
          {
            path: '/sign_in/kind',
            message:
              'openid needs public_url: the console’s address, which the provider sends people back to',
          },
        ]
      : []),
  ]
}

function receiverProblems(receivers: Config['receivers']): Problem[] {
  return [
    ...variantProblems(ReceiverConfig.anyOf, receivers, '/receivers'),
    ...duplicateProblems(receivers, 'name', '/receivers'),
    ...receivers.flatMap((receiver, index): Problem[] => {
      const { url, allow } = receiver as { url?: unknown; allow?: unknown }
      const path = `/receivers/${index}/url`
      if (typeof url !== 'string') return []
      const message = urlProblem(url, ['http:', 'https:'])
      if (message !== undefined) return [{ path, message }]
      const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
      const literal = host === 'localhost' ? '127.0.0.1' : host
      const allowed = Array.isArray(allow) ? allow.filter((each) => typeof each === 'string') : []
      if (isIP(literal) === 0 || createAddressGuard(allowed).permits(literal, host)) return []
      return [{ path, message: unreachable(host) }]
    }),
  ]
}

/** Why a receiver inside the network is refused, and the line that permits it. */
export const unreachable = (host: string): string =>
  `${host} is an address inside your network, which receivers may not reach. If it is meant, add \`allow: [${host}]\` to this receiver (docs/receivers.md)`

function urlProblem(text: string, protocols: readonly string[]): string | undefined {
  const schemes = protocols.map((protocol) => `${protocol}//`).join(' or ')
  if (!URL.canParse(text)) return `${JSON.stringify(text)} is not an address; it begins with ${schemes}`
  const { protocol } = new URL(text)
  return protocols.includes(protocol)
    ? undefined
    : `must begin with ${schemes}, not ${protocol.replace(/:$/, '')}:`
}

/** Names of tenants that others refer to. */
function tenantProblems(config: Config): Problem[] {
  const names = [...config.tenants.map(({ name }) => name), ...(config.demo_tenant ? ['demo'] : [])]
  const unknown = (tenant: unknown, path: string): Problem[] =>
    typeof tenant !== 'string' || names.includes(tenant)
      ? []
      : [
          {
            path,
            message: `there is no tenant ${JSON.stringify(tenant)}; there are: ${names.join(', ') || 'none'}`,
          },
        ]
  return [
    ...config.edge.flatMap(({ tenant }, index) => unknown(tenant, `/edge/${index}/tenant`)),
    ...config.sources.flatMap(({ tenant }, index) => unknown(tenant, `/sources/${index}/tenant`)),
    ...Object.entries(config.livekit).flatMap(([key, { tenant }]) =>
      unknown(tenant, `/livekit/${key}/tenant`),
    ),
  ]
}

/** Addresses that are set and have no scheme, or the wrong one. */
function addressProblems(config: Config): Problem[] {
  const problems: Problem[] = []
  for (const [path, text] of [
    ['/public_url', config.public_url],
    ['/store/url', config.store.url],
  ] as const) {
    const message = text === '' ? undefined : urlProblem(text, ['http:', 'https:'])
    if (message !== undefined) problems.push({ path, message })
  }
  if (config.log.kind === 'kafka' && config.log.brokers.length === 0)
    problems.push({ path: '/log/brokers', message: 'is empty; name at least one broker as host:port' })
  for (const [index, broker] of config.log.brokers.entries())
    if (!/^(\[[\da-f:]+\]|[^\s/:]+):\d{1,5}$/i.test(broker))
      problems.push({ path: `/log/brokers/${index}`, message: `${JSON.stringify(broker)} is not host:port` })
  if (config.log.sasl !== 'none' && config.log.username === '')
    problems.push({
      path: '/log/username',
      message: `is empty; \`sasl: ${config.log.sasl}\` needs log.username and log.password`,
    })
  return problems
}
