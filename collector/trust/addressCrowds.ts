import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { networkOf } from '../limits/networkOf.ts'
import { ownText } from '../ownText.ts'

const WINDOW_MS = 600_000
const MOST_ADDRESSES = 20_000
const MOST_SESSIONS = 200_000
/** New sessions of one address in ten minutes from which on they are doubted, and from which on they are set apart. */
export const CROWD = { doubted: 1_000, apart: 5_000 } as const
/** A network (IPv4 /24, IPv6 /48) may begin this many times as many as an address. */
const NETWORK_SHARE = 20
const DOUBTED = 30
const APART = 60

interface Generation {
  readonly counts: Map<string, number>
  /** What was taken away from each session when it began. */
  readonly sessions: Map<number, number>
}

const newGeneration = (): Generation => ({ counts: new Map(), sessions: new Map() })

/**
 * How much the number of sessions that its address and network began takes away from a session, decided when it begins: sessions that
 * were there before the crowd are not touched, also when the table of sessions lost them meanwhile. An IPv6 address counts by its
 * first 64 bits, since a machine has all of them. A private address may be a proxy that nobody declared, so it is never reason enough alone.
 */
export function createAddressCrowds(): (address: string, session: number, received_ms: number) => number {
  let current = newGeneration()
  let before = newGeneration()
  let turned_ms = 0

  function count(name: string): number {
    const number = (current.counts.get(name) ?? 0) + 1
    current.counts.set(number === 1 ? ownText(name) : name, number)
    return number + (before.counts.get(name) ?? 0)
  }

  return function crowdDoubt(address, session, received_ms) {
    if (
      received_ms - turned_ms > WINDOW_MS ||
      current.counts.size >= MOST_ADDRESSES ||
      current.sessions.size >= MOST_SESSIONS
    ) {
      before = current
      current = newGeneration()
      turned_ms = received_ms
    }
    const known = current.sessions.get(session) ?? before.sessions.get(session)
    if (known !== undefined) return known
    const { prefix, isPrivate } = networkOf(address)
    const sessions = Math.max(count(machineOf(address)), count(prefix) / NETWORK_SHARE)
    const doubt = sessions <= CROWD.doubted ? 0 : sessions <= CROWD.apart || isPrivate ? DOUBTED : APART
    current.sessions.set(session, doubt)
    return doubt
  }
}

function machineOf(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
