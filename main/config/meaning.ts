import { existsSync } from 'node:fs'
import { Value } from '@sinclair/typebox/value'
import proxyAddr from 'proxy-addr'
import { mappingProblem, SourceConfig } from '../../ingest/sources.ts'
import { readTargets } from '../../probe/target.ts'
import { duplicateProblems, type Problem, variantProblems } from '../../schemas/problems.ts'
import { addressProblems, brokerProblem, urlProblem } from './addresses.ts'
import { receiverProblems } from './receiverProblems.ts'
import type { Config } from './schema.ts'

/** What is right by form and cannot work all the same: names that stand twice, addresses that may not be reached. */
export function meaningProblems(config: Config): Problem[] {
  return [
    ...receiverProblems(config.receivers, tenantNames(config)),
    ...sourceProblems(config.sources),
    ...mappingProblems(config.sources),
    ...readTargets(config.probes).problems,
    ...duplicateProblems(config.edge, 'name', '/edge'),
    ...edgeProblems(config.edge),
    ...duplicateProblems(config.tenants, 'name', '/tenants'),
    ...keyProblems(config),
    ...tenantProblems(config),
    ...addressProblems(config),
    ...logProblems(config),
    ...storeProblems(config),
    ...networkProblems(config.trusted_proxies, '/trusted_proxies'),
    ...config.tenants.flatMap(({ hook_addresses = [] }, index) =>
      networkProblems(hook_addresses, `/tenants/${index}/hook_addresses`),
    ),
    ...signInProblems(config),
  ]
}

/** Fields that an exporter cannot fill, and selectors that are none. */
const mappingProblems = (sources: Config['sources']): Problem[] =>
  sources.flatMap((source, index): Problem[] => {
    if (!Value.Check(SourceConfig, source) || source.type !== 'prometheus') return []
    const message = mappingProblem(source)
    return message === undefined ? [] : [{ path: `/sources/${index}/fields`, message }]
  })

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
  // What is set for a way to sign in that is not chosen would protect nothing.
  const unused = (names: readonly ('accounts' | 'issuer' | 'client_id' | 'grants')[], kind: string) =>
    names
      .filter((name) => sign_in[name].length > 0)
      .map((name) => ({
        path: `/sign_in/${name}`,
        message: `is set, and sign_in.kind is ${sign_in.kind}: it has no effect. Set sign_in.kind to ${kind}`,
      }))
  if (sign_in.kind === 'accounts')
    return [
      ...secret,
      ...empty('accounts', sign_in.accounts.length === 0),
      ...duplicateProblems(sign_in.accounts, 'name', '/sign_in/accounts'),
      ...unused(['issuer', 'client_id', 'grants'], 'openid'),
    ]
  if (sign_in.kind !== 'openid')
    return [
      ...secret,
      ...unused(['accounts'], 'accounts'),
      ...unused(['issuer', 'client_id', 'grants'], 'openid'),
    ]
  const issuer = sign_in.issuer === '' ? undefined : urlProblem(sign_in.issuer)
  return [
    ...secret,
    ...unused(['accounts'], 'accounts'),
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

/** Keys that would speak for two, and tenants that nobody could report for. */
function keyProblems({ tenants, demo_tenant }: Config): Problem[] {
  const problems: Problem[] = []
  const owner = new Map<string, string>(demo_tenant ? [['demo', 'the tenant demo']] : [])
  for (const [index, { name, key, server_keys = [], tokens_only, token_secrets = [] }] of tenants.entries()) {
    const path = `/tenants/${index}`
    const keys = [
      { at: `${path}/key`, key },
      ...server_keys.map((each, at) => ({ at: `${path}/server_keys/${at}/key`, key: each.key })),
    ]
    for (const each of keys) {
      const before = owner.get(each.key)
      if (before !== undefined)
        problems.push({
          path: each.at,
          message: `${before} has this key, too; facts would go to either of them`,
        })
      owner.set(each.key, `tenants[${index}]`)
      if (/\s/.test(each.key)) problems.push({ path: each.at, message: 'has a space or a line end in it' })
    }
    if (demo_tenant && name === 'demo')
      problems.push({
        path: `${path}/name`,
        message: 'the tenant demo is there from the start; set demo_tenant to false, or take another name',
      })
    if (tokens_only === true && token_secrets.length === 0)
      problems.push({
        path: `${path}/tokens_only`,
        message: 'is true, and there are no token_secrets: no player could report',
      })
  }
  return problems
}

/** Names of tenants that others refer to. */
export const tenantNames = (config: Pick<Config, 'tenants' | 'demo_tenant'>): string[] => [
  ...config.tenants.map(({ name }) => name),
  ...(config.demo_tenant ? ['demo'] : []),
]

/** References to tenants that there are not. */
function tenantProblems(config: Config): Problem[] {
  const names = tenantNames(config)
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
    ...[...config.sign_in.accounts.entries()].flatMap(([index, { tenants }]) =>
      tenants.flatMap((tenant, at) =>
        tenant === '*' ? [] : unknown(tenant, `/sign_in/accounts/${index}/tenants/${at}`),
      ),
    ),
    ...[...config.sign_in.grants.entries()].flatMap(([index, { tenants }]) =>
      tenants.flatMap((tenant, at) =>
        tenant === '*' ? [] : unknown(tenant, `/sign_in/grants/${index}/tenants/${at}`),
      ),
    ),
    ...config.edge.flatMap(({ tenant }, index) => unknown(tenant, `/edge/${index}/tenant`)),
    ...config.sources.flatMap(({ tenant }, index) => unknown(tenant, `/sources/${index}/tenant`)),
    ...Object.entries(config.livekit).flatMap(([key, { tenant }]) =>
      unknown(tenant, `/livekit/${key}/tenant`),
    ),
  ]
}

/** Settings of Kafka that cannot work, or that would be set for nothing. */
function logProblems({ log }: Config): Problem[] {
  const problems = log.brokers.flatMap((broker, index): Problem[] => {
    const message = brokerProblem(broker)
    return message === undefined ? [] : [{ path: `/log/brokers/${index}`, message }]
  })
  const add = (name: string, message: string) => problems.push({ path: `/log/${name}`, message })
  if (log.kind === 'kafka' && log.brokers.length === 0)
    add('brokers', 'is empty; name at least one broker as host:port')
  if (log.kind === 'embedded' && log.brokers.length > 0)
    add('brokers', 'is set, and log.kind is embedded: nothing would go to Kafka. Set log.kind to kafka')
  for (const name of ['username', 'password'] as const)
    if (log.sasl !== 'none' && log[name] === '')
      add(name, `is empty; \`sasl: ${log.sasl}\` needs log.username and log.password`)
    else if (log.sasl === 'none' && log[name] !== '')
      add(name, 'is set, and log.sasl is none: it would not be used. Set log.sasl to plain or scram-sha-256')
  if (log.tls_ca !== '' && !log.tls) add('tls_ca', 'is set, and log.tls is false: set log.tls to true')
  if (log.tls_ca !== '' && !existsSync(log.tls_ca)) add('tls_ca', `there is no file ${log.tls_ca}`)
  return problems
}

/** Settings of a ClickHouse that is elsewhere, without its address: the embedded store would be used silently. */
const storeProblems = ({ store }: Config): Problem[] =>
  (['cluster', 'storage_policy'] as const).flatMap((name): Problem[] =>
    store.url !== '' || store[name] === ''
      ? []
      : [
          {
            path: `/store/${name}`,
            message:
              'is set, and store.url is empty: the embedded store has none. Set store.url to your ClickHouse',
          },
        ],
  )

/** Encoders that would report to one port, and servers that would be asked twice: each fact would count double. */
function sourceProblems(sources: Config['sources']): Problem[] {
  const seen = new Map<string, number>()
  const problems = variantProblems(SourceConfig.anyOf, sources, '/sources')
  for (const [index, source] of sources.entries()) {
    const { type, url, port, app, stream } = source as Record<string, unknown>
    const path = `/sources/${index}/${url === undefined ? 'port' : 'url'}`
    const wrong = typeof url === 'string' ? urlProblem(url, ['http:', 'https:', 'ws:', 'wss:']) : undefined
    if (wrong !== undefined && !problems.some((each) => each.path === path))
      problems.push({ path, message: wrong })
    if (port === 0 || (url === undefined && port === undefined)) continue
    const identity = JSON.stringify([type, url, port, app, stream])
    const before = seen.get(identity)
    if (before === undefined) seen.set(identity, index)
    else
      problems.push({ path, message: `entry ${before + 1} is the same source: its facts would count twice` })
  }
  return problems
}

/** Patterns of edge logs that are none, or that name no stream. */
const edgeProblems = (edge: Config['edge']): Problem[] =>
  edge.flatMap(({ stream }, index): Problem[] => {
    const path = `/edge/${index}/stream`
    if (stream === undefined) return []
    try {
      // An empty alternative matches always, so that the number of groups can be counted.
      const groups = new RegExp(`${stream}|`).exec('')!.length - 1
      return groups > 0
        ? []
        : [{ path, message: `${JSON.stringify(stream)} has no group: put (…) around the stream’s name` }]
    } catch (error) {
      return [{ path, message: `is no pattern: ${(error as Error).message.split(': ').at(-1)}` }]
    }
  })
