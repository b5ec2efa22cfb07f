import { isIP } from 'node:net'
import { createAddressGuard } from '../../processor/watch/notify/addressGuard.ts'
import { ReceiverConfig } from '../../processor/watch/notify/receiverConfig.ts'
import { HOPS } from '../../schemas/kinds/kinds.ts'
import { nearest } from '../../schemas/nearest.ts'
import { duplicateProblems, type Problem, variantProblems } from '../../schemas/problems.ts'
import { cidrProblem, nameProblem, urlProblem } from './addresses.ts'
import type { Config } from './schema.ts'

/** Receivers that could not be reached, or that no incident would ever match. */
export function receiverProblems(receivers: Config['receivers'], tenants: readonly string[]): Problem[] {
  const wrong = variantProblems(ReceiverConfig.anyOf, receivers, '/receivers')
  const formed = (index: number): boolean => !wrong.some(({ path }) => path.startsWith(`/receivers/${index}`))
  return [
    ...wrong,
    ...duplicateProblems(receivers, 'name', '/receivers'),
    ...receivers.flatMap((receiver, index) =>
      formed(index)
        ? [
            ...addressProblem(receiver as unknown as ReceiverConfig, `/receivers/${index}`),
            ...silentProblems(receiver as unknown as ReceiverConfig, `/receivers/${index}`, tenants),
          ]
        : [],
    ),
  ]
}

/** Why a receiver inside the network is refused, and the line that permits it. */
export const unreachable = (host: string): string =>
  `${host} is an address inside your network, which receivers may not reach. If it is meant, add \`allow: [${host}]\` to this receiver (docs/receivers.md)`

function addressProblem({ type, url, allow = [] }: ReceiverConfig, path: string): Problem[] {
  const entries = allow.flatMap((entry, index): Problem[] => {
    const message = entry.includes('/') ? cidrProblem(entry) : nameProblem(entry)
    return message === undefined ? [] : [{ path: `${path}/allow/${index}`, message }]
  })
  if (url === undefined || entries.length > 0) return entries
  const message = urlProblem(url)
  if (message !== undefined) return [{ path: `${path}/url`, message }]
  const { hostname, pathname } = new URL(url)
  if (type === 'alertmanager' && /\/api\/|\/alerts/.test(pathname))
    return [{ path: `${path}/url`, message: `is the base address: write it without ${pathname}` }]
  const host = hostname.replace(/^\[|\]$/g, '')
  const literal = host === 'localhost' ? '127.0.0.1' : host
  if (isIP(literal) === 0 || createAddressGuard(allow).permits(literal, host)) return []
  return [{ path: `${path}/url`, message: unreachable(host) }]
}

/** Filters that let no incident through: nobody would be notified, and nothing would say so. */
function silentProblems({ severities, match }: ReceiverConfig, path: string, tenants: readonly string[]) {
  const problems: Problem[] = []
  if (severities?.length === 0)
    problems.push({
      path: `${path}/severities`,
      message: 'is empty: no incident would be sent. Name critical, warning or info, or take the line out',
    })
  for (const [name, known] of [
    ['hop', HOPS],
    ['tenant', tenants],
  ] as const) {
    const value = match?.[name]
    if (value === undefined || (name === 'tenant' && value.includes('*')) || known.includes(value as never))
      continue
    problems.push({
      path: `${path}/match/${name}`,
      message: `there is no ${name} ${JSON.stringify(value)}${nearest(value, known)}; there are: ${known.join(', ') || 'none'}`,
    })
  }
  return problems
}
