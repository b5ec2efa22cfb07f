import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Problem } from '../../schemas/problems.ts'
import type { Config } from './schema.ts'

const HTTP = ['http:', 'https:'] as const

/**
 * Why a text is no address that can work: no scheme or another one, a placeholder that nobody filled in, spaces around it.
 * undefined: it is one.
 */
export function urlProblem(text: string, protocols: readonly string[] = HTTP): string | undefined {
  const schemes = protocols.map((protocol) => `${protocol}//`).join(' or ')
  if (text !== text.trim()) return 'has spaces or a line end around the address; take them out'
  if (!URL.canParse(text)) return `${JSON.stringify(text)} is not an address; it begins with ${schemes}`
  const { protocol, hostname } = new URL(text)
  if (!protocols.includes(protocol)) return `must begin with ${schemes}, not ${protocol.replace(/:$/, '')}:`
  if (/^[\w.-]+$|^\[[\da-f:.]+\]$/i.test(hostname)) return undefined
  return `${JSON.stringify(hostname)} is no host name: is a placeholder not filled in?`
}

/** Why a text is no address of this machine to listen on. */
function hostProblem(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0) return undefined
  if (text === '') return 'is empty; 0.0.0.0 listens on every address of this machine'
  if (/^[a-z][a-z+]*:\/\//i.test(text)) return `${JSON.stringify(text)} has a scheme; write the address only`
  if (/:\d+$/.test(text)) return `${JSON.stringify(text)} has a port in it; the port is a setting of its own`
  const named = /^[a-z\d_]([a-z\d_.-]*[a-z\d_])?$/i.test(text) && !/^[\d.]+$/.test(text)
  return named ? undefined : `${JSON.stringify(text)} is no address and no host name`
}

/** Why a text is no name that a client writes into `Host`. */
export const nameProblem = (text: string): string | undefined =>
  isIP(text) !== 0 || /^[\w-]+(\.[\w-]+)*$/.test(text)
    ? undefined
    : `${JSON.stringify(text)} is no host name: write it without scheme, port and path`

/** Networks with their length, such as 10.0.0.0/8. */
export function cidrProblem(text: string): string | undefined {
  try {
    ipaddr.parseCIDR(text)
    return undefined
  } catch {
    return `${JSON.stringify(text)} is no network such as 10.0.0.0/8`
  }
}

/** The parts of an address that would be lost, or would work against a setting of its own. */
function extraParts(text: string, { user, path }: { readonly user: string; readonly path?: string }) {
  const { username, password, search, hash, pathname } = new URL(text)
  if (username !== '' || password !== '') return `has a user or a password in it; ${user}`
  if (search !== '' || hash !== '') return `has ${search || hash} at its end; take it out`
  return path === undefined || pathname === '/' ? undefined : `has the path ${pathname} in it; ${path}`
}

function storeProblem(url: string): string | undefined {
  const wrong = urlProblem(url)
  if (wrong !== undefined) return wrong
  if (/^9[04]40$|^9000$/.test(new URL(url).port))
    return `port ${new URL(url).port} is ClickHouse’s native protocol; its HTTP interface has 8123, with TLS 8443`
  return extraParts(url, {
    user: 'write store.user and store.password',
    path: 'the database is store.database',
  })
}

function publicProblem(url: string): string | undefined {
  const wrong = urlProblem(url)
  if (wrong !== undefined) return wrong
  if (/^(0\.0\.0\.0|\[::\])$/.test(new URL(url).hostname))
    return 'is an address to listen on, which nobody can open; write the name or address that people use'
  return extraParts(url, { user: 'everybody who is notified would read it' })
}

/** Addresses, host names and networks that cannot work. */
export function addressProblems(config: Config): Problem[] {
  const problems: Problem[] = []
  const check = (path: string, text: string, problem: (text: string) => string | undefined): void => {
    const message = problem(text)
    if (message !== undefined) problems.push({ path, message })
  }
  const checkAll = (
    path: string,
    texts: readonly string[],
    problem: (text: string) => string | undefined,
  ) => {
    for (const [index, text] of texts.entries()) check(`${path}/${index}`, text, problem)
  }
  check('/host', config.host, hostProblem)
  check('/console_host', config.console_host, hostProblem)
  check('/health_host', config.health_host, hostProblem)
  check('/store/host', config.store.host, hostProblem)
  if (config.public_url !== '') check('/public_url', config.public_url, publicProblem)
  if (config.store.url !== '') check('/store/url', config.store.url, storeProblem)
  checkAll('/console_names', config.console_names, nameProblem)
  checkAll('/store/names', config.store.names, nameProblem)
  checkAll('/probe_networks', config.probe_networks, cidrProblem)
  return problems
}

/** A broker of Kafka: host:port. */
export function brokerProblem(text: string): string | undefined {
  const port = /^(?:\[[\da-f:]+\]|[^\s/:@{}$]+):(\d{1,5})$/i.exec(text)?.[1]
  if (port === undefined) return `${JSON.stringify(text)} is not host:port`
  return Number(port) > 0 && Number(port) <= 65_535 ? undefined : `${port} is no port; they end at 65535`
}
