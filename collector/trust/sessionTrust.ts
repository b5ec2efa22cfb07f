import { randomInt } from 'node:crypto'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { TRUSTED_FROM } from '../../schemas/trust.ts'
import { createAddressCrowds, type Voice } from './addressCrowds.ts'
import { claimed_ms, isBelievable } from './believable.ts'
import { LONGEST_JUMP, recentNumbers } from './recentNumbers.ts'

type Values = Readonly<Record<string, unknown>>

/** What is known of an event's sender when it is judged. */
export interface TrustInput {
  readonly tenant: string
  readonly session: string
  readonly kind: Kind
  readonly event: Values
  /** On the collector's clock, ms. */
  readonly event_time: number
  readonly received_ms: number
  readonly userAgent: string | undefined
  readonly address: string
  readonly clock_offset_ms: number | undefined
}

/** How far a session can be believed, 0 to 100, by cheap facts; below `TRUSTED_FROM` its events are stored and not counted. */
export type SessionTrust = (input: TrustInput) => number

/** What each doubt takes away: one of the large ones sets a session apart, of the small ones it takes two. */
export const DOUBTS = {
  /** An interval holds more play, stall and pause than it is long, or counts more than a player can. */
  spent: 60,
  /** Its intervals, or what else it did, add up to more time than has passed. */
  rate: 60,
  /** Its numbers jump as no player's do. */
  sequence: 60,
  /** Its clock's offset changes by minutes. */
  clock: 30,
  /** No browser, app or player calls itself so, or it calls itself something else now. */
  agent: 30,
} as const

const SLOTS = 1 << 16
const FIELDS = 11
const HASH = 0
const CHECK = 1
const FIRST_s = 2
const NEWEST_s = 3
const INTERVALS_ms = 4
const SEQ = 5
const AGENT = 6
const OFFSET_s = 7
const CROWD = 8
const ACTS_ms = 9
const PROVEN = 10

/** Retries come at once, so only this much more than the time that passed is a doubt; before a session came back, this much more than it may do. */
const RATE_SLACK_ms = 60_000
const UNPROVEN_SLACK_ms = 5_000
const RATE_SHARE = 1.25
/** What happened longer ago is history, ms: kept by a player that was offline, or that another collector did not answer. */
const HISTORY_MS = 60_000
const CLOCK_s = 300
/** While this process was away players went on and kept what they have to say: so long after its start, ms, history is believed. */
const STARTED_MS = 60_000
/** An event stands for at least so much of a session's life, ms; of intervals, their length. */
const LEAST_ms: Readonly<Partial<Record<Kind, number>>> = {
  heartbeat: 100,
  cohost: 100,
  interaction: 200,
  cue: 500,
  startup: 5_000,
}
/** Legs of a co-hosting session that report beside each other. */
const LEGS = 32
const JUDGED = Object.keys(LEAST_ms) as Kind[]
/** A start that takes longer is trouble. */
const QUICK_START_ms = 5_000
/** Reports with larger numbers come in the middle of play. */
const FIRST_NUMBERS = 3
const PROGRAMS =
  /^$|^(?:curl|wget|python|node|go-http|java|okhttp\/0|libwww|ruby|php|axios|undici|k6|httpie|postman)|headless|bot\b|spider/i
const AGENTS_KEPT = 2_000

/**
 * Judges sessions by what their events say about each other. State is a table of a fixed size: a session whose slot another one took is
 * judged anew, so a flood costs no memory and at most forgets doubts. Which sessions share a slot cannot be worked out by a sender.
 * What names no session is one session of its address.
 */
export function judgeSessions(seed: number = randomInt(2 ** 31)): SessionTrust {
  const table = new Float64Array(SLOTS * FIELDS)
  // each kind has numbers of its own, so that a number of one kind is no repeat of another's
  const recent = recentNumbers(SLOTS * JUDGED.length)
  const crowdOf = createAddressCrowds()
  const programs = new Map<string, boolean>()
  let started_ms: number | undefined

  // Events of a body share their agent and mostly their session: what was worked out of the last ones is kept.
  let lastAgent: string | undefined
  let agentHash = hashOf('', 1)
  let lastIsProgram = true
  let lastTenant = ''
  let lastSession = ''
  let low = 0
  let check = 0

  function isProgram(agent: string): boolean {
    let program = programs.get(agent)
    if (program === undefined) {
      program = PROGRAMS.test(agent)
      if (programs.size >= AGENTS_KEPT) programs.clear()
      programs.set(agent, program)
    }
    return program
  }

  return function trustOf(input) {
    const session = input.session === '' ? `\0${input.address}` : input.session
    const claimed = claimed_ms(input.event)
    let doubt = isBelievable(input.kind, input.event, claimed) ? 0 : DOUBTS.spent
    if (input.userAgent !== lastAgent) {
      lastAgent = input.userAgent
      // What is remembered of an agent is a hash of its beginning.
      const agent = (lastAgent ?? '').slice(0, 128)
      agentHash = hashOf(agent, 1)
      lastIsProgram = lastAgent === undefined || isProgram(agent)
    }
    if (session !== lastSession || input.tenant !== lastTenant) {
      lastSession = session
      lastTenant = input.tenant
      low = hashOf(session, hashOf(lastTenant, seed))
      check = hashOf(session, ~low)
    }
    const slot = low & (SLOTS - 1)
    const at = slot * FIELDS
    started_ms ??= input.received_ms
    let isOlder = false
    if (table[at + HASH] !== low || table[at + CHECK] !== check) {
      const justStarted = input.received_ms - started_ms < STARTED_MS
      isOlder = justStarted && numberIn(input.event.seq) > 1
      begin(slot, low, check, (justStarted ? input.event_time : input.received_ms) / 1000, agentHash)
    }
    if (table[at + PROVEN] === 0) join(at, low, isOlder, input)
    doubt += doubtOf(slot, input, claimed) + table[at + CROWD]!
    const changed = input.session !== '' && table[at + AGENT] !== agentHash
    if (changed || lastIsProgram) doubt += DOUBTS.agent
    return Math.max(0, 100 - doubt)
  }

  /** Asks the crowd of a session's address how far what it says is believed; not any more when it came back. */
  function join(at: number, session: number, isOlder: boolean, input: TrustInput): void {
    const { tenant, address, received_ms } = input
    const voice = voiceOf(input)
    const member = crowdOf({ tenant, address, session, voice, isOlder, received_ms })
    table[at + CROWD] = member.doubt[voice]!
    table[at + PROVEN] = member.isProven ? 1 : 0
  }

  function begin(slot: number, hash: number, check: number, time_s: number, agentHash: number): void {
    const at = slot * FIELDS
    table[at + HASH] = hash
    table[at + CHECK] = check
    table[at + FIRST_s] = table[at + NEWEST_s] = time_s
    table[at + INTERVALS_ms] = table[at + ACTS_ms] = 0
    table[at + SEQ] = -1
    table[at + AGENT] = agentHash
    table[at + OFFSET_s] = Number.NaN
    table[at + PROVEN] = 0
    for (let kind = 0; kind < JUDGED.length; kind += 1) recent.forget(slot * JUDGED.length + kind)
  }

  function doubtOf(slot: number, input: TrustInput, interval_ms: number): number {
    const { kind, event, event_time, received_ms, clock_offset_ms } = input
    const at = slot * FIELDS
    let doubt = 0
    // Times that a sender states are none that passed.
    if (received_ms / 1000 > table[at + NEWEST_s]!) table[at + NEWEST_s] = received_ms / 1000
    const seq = numberIn(event.seq)
    const lived_ms = Math.max(LEAST_ms[kind] ?? 0, kind === 'cohost' ? interval_ms / LEGS : interval_ms)
    const account = at + (kind === 'heartbeat' ? INTERVALS_ms : ACTS_ms)
    // A number that came before is sent again, not lived again; it is believed as little as it was then.
    const numbers = slot * JUDGED.length + JUDGED.indexOf(kind)
    const isNew = seq <= 0 || !recent.isRepeat(numbers, seq)
    if (isNew) table[account]! += lived_ms
    const passed_ms = (table[at + NEWEST_s]! - table[at + FIRST_s]!) * 1000
    const slack_ms = kind === 'heartbeat' || table[at + PROVEN] === 1 ? RATE_SLACK_ms : UNPROVEN_SLACK_ms
    // The first interval began before anything was heard.
    const bound = passed_ms * RATE_SHARE + slack_ms + Math.min(lived_ms, RATE_SLACK_ms)
    if (table[account]! > bound) {
      doubt += DOUBTS.rate
      // More history than is believed takes nothing away from what the session says of now.
      if (isNew && received_ms - event_time > HISTORY_MS) {
        table[account]! -= lived_ms
        if (seq > 0) recent.unsay(numbers, seq)
      }
    }
    if (seq > 0) {
      const before = table[at + SEQ]!
      if (before > 0 && seq - before > LONGEST_JUMP) doubt += DOUBTS.sequence
      // A number that jumped is not believed, so that the ones behind it are doubted, too.
      else if (seq > before) table[at + SEQ] = seq
    }
    if (clock_offset_ms !== undefined) {
      const offset_s = clock_offset_ms / 1000
      const before = table[at + OFFSET_s]!
      if (Number.isNaN(before)) table[at + OFFSET_s] = offset_s
      else if (Math.abs(offset_s - before) > CLOCK_s) doubt += DOUBTS.clock
    }
    return doubt
  }
}

/** A start that went well; a report in the middle of play; anything else. */
function voiceOf({ kind, event }: TrustInput): Voice {
  if (
    kind === 'startup' &&
    event.outcome === 'started' &&
    numberIn(event.video_startup_time_ms) <= QUICK_START_ms
  )
    return 'start'
  return kind === 'heartbeat' && numberIn(event.seq) > FIRST_NUMBERS ? 'goingOn' : 'other'
}

const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0)

function hashOf(text: string, seed: number): number {
  let hash = seed | 0
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

/** Whether rows of a session with this trust (0 to 100) count. */
export const isTrusted = (trust: number): boolean => trust >= TRUSTED_FROM
