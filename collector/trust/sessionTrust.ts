import type { Kind } from '../../schemas/kinds/kinds.ts'
import { TRUSTED_FROM } from '../../schemas/trust.ts'
import { createAddressCrowds } from './addressCrowds.ts'

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
  /** An interval holds more play, stall and pause than it is long. */
  spent: 60,
  /** Its intervals add up to more time than has passed. */
  rate: 60,
  /** Its numbers jump as no player's do. */
  sequence: 60,
  /** Its clock's offset changes by minutes. */
  clock: 30,
  /** No browser, app or player calls itself so, or it calls itself something else now. */
  agent: 30,
} as const

const SLOTS = 1 << 16
const FIELDS = 8
const HASH = 0
const CHECK = 1
const FIRST_s = 2
const NEWEST_s = 3
const INTERVALS_ms = 4
const SEQ = 5
const AGENT = 6
const OFFSET_s = 7

/** The newest numbers of a session, a bit each: what is sent again within them is known. */
const RECENT = 128
const RECENT_WORDS = RECENT / 32

const SLACK_ms = 1_500
/** Retries after an outage bring their own times, so only this much more than the time that passed is a doubt. */
const RATE_SLACK_ms = 60_000
const RATE_SHARE = 1.25
const LONGEST_JUMP = 10_000
const CLOCK_s = 300
const SPENT = ['played_ms', 'stalled_ms', 'paused_ms', 'seeking_ms'] as const
const PROGRAMS =
  /^$|^(?:curl|wget|python|node|go-http|java|okhttp\/0|libwww|ruby|php|axios|undici|k6|httpie|postman)|headless|bot\b|spider/i
const AGENTS_KEPT = 2_000

/**
 * Judges sessions by what their events say about each other. State is a table of a fixed size: a session whose slot another one took is
 * judged anew, so a flood costs no memory and at most forgets doubts.
 */
export function judgeSessions(): SessionTrust {
  const table = new Float64Array(SLOTS * FIELDS)
  const recent = new Int32Array(SLOTS * RECENT_WORDS)
  const crowdOf = createAddressCrowds()
  const programs = new Map<string, boolean>()

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
    const { event, session, event_time } = input
    let doubt = 0
    const interval_ms = numberIn(event.interval_ms)
    if (input.kind === 'heartbeat') {
      let spent = 0
      for (const name of SPENT) spent += numberIn(event[name])
      if (spent > interval_ms * RATE_SHARE + SLACK_ms) doubt += DOUBTS.spent
    }
    // What is remembered of an agent is a hash of its beginning.
    const agent = (input.userAgent ?? '').slice(0, 128)
    let foreign = input.userAgent === undefined || isProgram(agent)
    if (session !== '') {
      const hash = hashOf(input.tenant, 0x811c9dc5)
      const low = hashOf(session, hash)
      const check = hashOf(session, ~hash)
      const at = (low & (SLOTS - 1)) * FIELDS
      const agentHash = hashOf(agent, 1)
      const isNew = table[at + HASH] !== low || table[at + CHECK] !== check
      if (isNew) begin(at, low, check, event_time, agentHash)
      doubt += doubtOf(at, input, interval_ms)
      if (table[at + AGENT] !== agentHash) foreign = true
      doubt += crowdOf(input.address, isNew, input.received_ms)
    }
    if (foreign) doubt += DOUBTS.agent
    return Math.max(0, 100 - doubt)
  }

  function begin(at: number, hash: number, check: number, event_time: number, agentHash: number): void {
    table[at + HASH] = hash
    table[at + CHECK] = check
    table[at + FIRST_s] = table[at + NEWEST_s] = event_time / 1000
    table[at + INTERVALS_ms] = 0
    table[at + SEQ] = -1
    table[at + AGENT] = agentHash
    table[at + OFFSET_s] = Number.NaN
    const word = (at / FIELDS) * RECENT_WORDS
    recent.fill(0, word, word + RECENT_WORDS)
  }

  /** Whether the number came before, among the newest of its session; notes it. */
  function isRepeat(at: number, seq: number): boolean {
    const before = table[at + SEQ]!
    const words = (at / FIELDS) * RECENT_WORDS
    if (seq <= before - RECENT || seq - before > LONGEST_JUMP) return false
    for (let passed = Math.max(before + 1, seq - RECENT + 1); passed < seq; passed += 1)
      recent[words + ((passed >> 5) & (RECENT_WORDS - 1))]! &= ~(1 << (passed & 31))
    const word = words + ((seq >> 5) & (RECENT_WORDS - 1))
    const bit = 1 << (seq & 31)
    const seen = seq <= before && (recent[word]! & bit) !== 0
    recent[word]! |= bit
    return seen
  }

  function doubtOf(
    at: number,
    { kind, event, event_time, clock_offset_ms }: TrustInput,
    interval_ms: number,
  ): number {
    let doubt = 0
    const time_s = event_time / 1000
    if (time_s < table[at + FIRST_s]!) table[at + FIRST_s] = time_s
    if (time_s > table[at + NEWEST_s]!) table[at + NEWEST_s] = time_s
    const seq = numberIn(event.seq)
    if (kind === 'heartbeat') {
      // A number that came before is sent again, not lived again; it is believed as little as it was then.
      if (seq <= 0 || !isRepeat(at, seq)) table[at + INTERVALS_ms]! += interval_ms
      const passed_ms = (table[at + NEWEST_s]! - table[at + FIRST_s]!) * 1000
      // The first interval began before anything was heard.
      const bound = passed_ms * RATE_SHARE + RATE_SLACK_ms + Math.min(interval_ms, RATE_SLACK_ms)
      if (table[at + INTERVALS_ms]! > bound) doubt += DOUBTS.rate
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

const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0)

function hashOf(text: string, seed: number): number {
  let hash = seed | 0
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

export const isTrusted = (trust: number): boolean => trust >= TRUSTED_FROM
