import type { Config } from '../config/schema.ts'
import { expectedError } from '../expectedError.ts'
import { readRules } from '../receivers.ts'

const isLoopback = (host: string): boolean => /^(127\.|\[?::1\]?$|localhost$)/.test(host)

/**
 * Refuses a configuration in which nobody would sign in and others can reach the port.
 * @throws an expected error
 */
export function checkSignIn(config: Config): void {
  if (config.sign_in.kind !== 'none' || isLoopback(config.console_host)) return
  throw expectedError(
    `console_host is ${config.console_host}: whoever reaches it could read everything. Set sign_in.kind to accounts or openid (docs/signIn.md), to outside when a proxy lets people in, or console_host to 127.0.0.1.`,
  )
}

/** Refuses two parts of one process that would listen on the same port: the second would say that another program has it. */
function refuseSharedPorts({ port, console_port, health_port, store, sources }: Config): void {
  const owner = new Map<number, string>()
  const ports = [
    ['port', port],
    ['console_port', console_port],
    ['health_port', health_port],
    ...(store.url === '' ? [['store.port', store.port] as const] : []),
    ...sources.map(({ port: own }, index) => [`sources[${index}].port`, Number(own ?? 0)] as const),
  ] as const
  for (const [name, number] of ports) {
    const before = owner.get(number)
    if (number > 0 && before !== undefined)
      throw expectedError(`${name} and ${before} are both ${number}: give one of them another port.`)
    owner.set(number, name)
  }
}

/**
 * Everything that `firstframe all` needs and that can be seen before anything is opened.
 * @throws an expected error
 */
export function checkStart(config: Config): void {
  checkSignIn(config)
  refuseSharedPorts(config)
  readRules(config.rules)
}
