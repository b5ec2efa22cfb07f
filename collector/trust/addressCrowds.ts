import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { networkOf } from '../limits/networkOf.ts'
import { ownText } from '../ownText.ts'

/** A session has come back when it is heard again so long after it began, ms on the collector's clock. */
export const RETURN_MS = 5_000
const FRESH_MS = 60_000
const LASTING_MS = 600_000
const MOST_NAMES = 40_000
/** Sessions that are remembered for a length of `LASTING_MS`, and how many that are set apart may be of one network. */
const MOST_SESSIONS = 200_000
const MOST_APART = 20_000

type Level = 'address' | 'network'
const LEVELS: readonly Level[] = ['address', 'network']

/**
 * How many sessions of one address or network (IPv4 /24, IPv6 /48) of a tenant are believed: `least`, or `share` of what the
 * tenant's other ones have, whichever is more.
 */
type Bounds = Readonly<Record<Level, { readonly least: number; readonly share: number }>>

/**
 * What a session says before it came back: that it began to play, that it goes on (a collector hears so when another one
 * fails), or anything else: trouble before all, which one address could make a page of.
 */
export type Voice = 'start' | 'goingOn' | 'other'
/** Of sessions that did not come back yet, in one to two minutes; of those that begin to play, as many as came back are believed, too. */
export const UNPROVEN: Readonly<Record<Voice, Bounds>> = {
  start: { address: { least: 2, share: 0.02 }, network: { least: 4, share: 0.06 } },
  goingOn: { address: { least: 1, share: 0.02 }, network: { least: 2, share: 0.06 } },
  other: { address: { least: 1, share: 0.002 }, network: { least: 2, share: 0.005 } },
}
/** Of sessions that came back, in ten to twenty minutes. */
export const PROVEN: Bounds = {
  address: { least: 1_000, share: 0.05 },
  network: { least: 4_000, share: 0.1 },
}
/** A private address may be a proxy that nobody declared: from so many sessions on it is doubted, and never set apart for this alone. */
export const PRIVATE_DOUBTED = 1_000
const DOUBTED = 30
const APART = 60
/** A doubt whatever is said. */
const SAME: Readonly<Record<number, Member['doubt']>> = Object.fromEntries(
  [0, DOUBTED, APART].map((doubt) => [doubt, { start: doubt, goingOn: doubt, other: doubt }]),
)

/** Counts by name over the last one to two lengths. */
function recentCounts(length_ms: number) {
  let current = new Map<string, number>()
  let before = new Map<string, number>()
  let turned_ms = Number.NEGATIVE_INFINITY
  return {
    of: (name: string): number => (current.get(name) ?? 0) + (before.get(name) ?? 0),
    add(name: string, received_ms: number): void {
      if (received_ms - turned_ms > length_ms || current.size >= MOST_NAMES) {
        before = received_ms - turned_ms > 2 * length_ms ? new Map() : current
        current = new Map()
        turned_ms = received_ms
      }
      const count = current.get(name)
      current.set(count === undefined ? ownText(name) : name, (count ?? 0) + 1)
    },
  }
}

type Names = Readonly<Record<Level | 'tenant', string>>

/** Sessions of tenants, networks and addresses, each in counts of its own: many addresses make no network forgotten. */
function sessionCounts(length_ms: number) {
  const counts = {
    tenant: recentCounts(length_ms),
    network: recentCounts(length_ms),
    address: recentCounts(length_ms),
  }
  return {
    of: (names: Names, level: keyof Names): number => counts[level].of(names[level]),
    add(names: Names, received_ms: number): void {
      counts.tenant.add(names.tenant, received_ms)
      counts.network.add(names.network, received_ms)
      counts.address.add(names.address, received_ms)
    },
  }
}

/** A session as its address sees it. */
export interface Member {
  readonly began_ms: number
  /** It came back; what is decided then stays. */
  readonly isProven: boolean
  /** What its crowd takes away from its trust, whatever it says and by voice; undefined: not decided. */
  readonly doubt: Readonly<Partial<Record<Voice, number>>>
}

export interface CrowdInput {
  readonly tenant: string
  readonly address: string
  /** A hash of the session. */
  readonly session: number
  readonly voice: Voice
  /** It began before this collector started, as far as can be known. */
  readonly isOlder: boolean
  readonly received_ms: number
}

/**
 * How much the crowd that a session belongs to takes away from its trust. What one address can have believed at once is little
 * until its sessions come back: a player is heard again within seconds, a forged event is not. Sessions beyond that are set apart
 * until they return. Sessions that were there before a crowd are not touched by it, also when the table of sessions lost them
 * meanwhile. Counts are of one tenant, so that a crowd harms no other tenant's viewers behind the same address. An IPv6 address
 * counts by its first 64 bits, since a machine has all of them.
 */
export function createAddressCrowds(): (input: CrowdInput) => Member {
  /** Sessions whose voice is believed; those of them that came back. */
  const voices = {
    start: sessionCounts(FRESH_MS),
    goingOn: sessionCounts(FRESH_MS),
    other: sessionCounts(FRESH_MS),
  }
  const returned = sessionCounts(FRESH_MS)
  const proven = sessionCounts(LASTING_MS)
  const apart = recentCounts(LASTING_MS)
  let current = new Map<number, Member>()
  let before = new Map<number, Member>()
  let turned_ms = 0

  function remember(session: number, member: Member, network: string, received_ms: number): void {
    if (received_ms - turned_ms > LASTING_MS || current.size >= MOST_SESSIONS) {
      before = current
      current = new Map()
      turned_ms = received_ms
    }
    if (!member.isProven && Object.values(member.doubt).includes(APART)) {
      // One network's sessions without end make nobody else's forgotten.
      if (apart.of(network) >= MOST_APART) return
      apart.add(network, received_ms)
    }
    current.set(session, member)
  }

  function isWithinUnproven(names: Names, voice: Voice): boolean {
    const audience = voices[voice === 'goingOn' ? voice : 'start']
    for (const level of LEVELS) {
      const { least, share } = UNPROVEN[voice][level]
      const back = voice === 'start' ? returned.of(names, level) : 0
      const others = audience.of(names, 'tenant') - audience.of(names, level)
      if (voices[voice].of(names, level) - back >= Math.max(least, share * others, back)) return false
    }
    return true
  }

  function isWithinProven(names: Names): boolean {
    for (const level of LEVELS) {
      const { least, share } = PROVEN[level]
      const own = proven.of(names, level)
      if (own >= Math.max(least, share * (proven.of(names, 'tenant') - own))) return false
    }
    return true
  }

  /** What a session that came back is believed. */
  function doubtOfProven(names: Names, known: Member | undefined, received_ms: number): Member['doubt'] {
    const wasBelieved = known !== undefined && Object.values(known.doubt).includes(0)
    if (!wasBelieved && !isWithinProven(names)) return SAME[APART]!
    if (!wasBelieved) voices.start.add(names, received_ms)
    returned.add(names, received_ms)
    proven.add(names, received_ms)
    return SAME[0]!
  }

  function doubtOfPrivate(names: Names, received_ms: number): Member['doubt'] {
    proven.add(names, received_ms)
    return SAME[proven.of(names, 'address') > PRIVATE_DOUBTED ? DOUBTED : 0]!
  }

  function doubtOfUnproven(
    names: Names,
    known: Member | undefined,
    { voice, received_ms }: CrowdInput,
  ): Member['doubt'] {
    const isBelieved = isWithinUnproven(names, voice) && isWithinProven(names)
    if (isBelieved) voices[voice].add(names, received_ms)
    return { ...known?.doubt, [voice]: isBelieved ? 0 : APART }
  }

  return function memberOf(input) {
    const { tenant, address, session, voice, isOlder, received_ms } = input
    const known = current.get(session) ?? before.get(session)
    if (known?.isProven) return known
    const isBack = isOlder || (known !== undefined && received_ms - known.began_ms >= RETURN_MS)
    if (!isBack && known?.doubt[voice] !== undefined) return known
    const { prefix, isPrivate } = networkOf(address)
    const names = { tenant, address: `${tenant}\n${machineOf(address)}`, network: `${tenant}\n${prefix}` }
    const member = {
      began_ms: known?.began_ms ?? received_ms,
      isProven: isPrivate || isBack,
      doubt: isPrivate
        ? doubtOfPrivate(names, received_ms)
        : isBack
          ? doubtOfProven(names, known, received_ms)
          : doubtOfUnproven(names, known, input),
    }
    remember(session, member, names.network, received_ms)
    return member
  }
}

function machineOf(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
