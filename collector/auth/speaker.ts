import type { Kind } from '../../schemas/kinds/kinds.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { Tenant } from './tenants.ts'

/** Whose word an event is: what its sender showed decides what it may report. */
export interface Speaker {
  readonly tenant: Tenant
  /** `player`: a public key, which anybody can read in a page. `server`: a secret key. */
  readonly role: 'player' | 'server'
  /** The only source that a server key of one source may report for. */
  readonly source?: string
  /** The largest sampling weight that a player's events count with. */
  readonly maxWeight: number
  /** Kinds that a session token allows; undefined: those of the role. */
  readonly kinds?: ReadonlySet<Kind>
  /** The session that a token was issued for: events of another session are refused. */
  readonly session?: string
}

/** Kinds that a player can know of; a cue only as shown. */
export const PLAYER_KINDS: ReadonlySet<string> = new Set<Kind>([
  'startup',
  'heartbeat',
  'interaction',
  'cohost',
  'cue',
])

/** Somebody whose word counts for everything: a source of this process, or an address with a secret of its own. */
export const serverSpeaker = (tenant: Tenant): Speaker => ({
  tenant,
  role: 'server',
  maxWeight: Number.POSITIVE_INFINITY,
})

type Values = Readonly<Record<string, unknown>>

const needsServerKey = (detail: string): Refusal => ({ code: 'server_key_needed', detail })

/**
 * What of the shared fields (a context, or an event's own) this speaker may not set.
 * @param source what the address itself reports as: `sdk`, `cmcd`
 */
export function refuseShared(speaker: Speaker, values: Values, source: string): Refusal | undefined {
  const own = values.source
  if (speaker.role === 'server') {
    if (speaker.source === undefined || !own || own === speaker.source) return undefined
    return needsServerKey(`source: this key is for ${speaker.source} only`)
  }
  if (own && own !== source) return needsServerKey('source')
  if (values.synthetic === true) return needsServerKey('synthetic')
  if (speaker.session !== undefined && values.session && values.session !== speaker.session)
    return { code: 'not_permitted', detail: 'session: the token is for another session' }
  return undefined
}

/** Whether this speaker may report such an event. */
export function refuseEvent(
  speaker: Speaker,
  kind: Kind,
  event: Values,
  source: string,
): Refusal | undefined {
  if (speaker.role === 'player') {
    if (!PLAYER_KINDS.has(kind)) return needsServerKey(`kind: ${kind}`)
    if (kind === 'cue' && event.stage !== 'shown')
      return needsServerKey('stage: a player reports `shown` only')
  }
  if (speaker.kinds !== undefined && !speaker.kinds.has(kind))
    return { code: 'not_permitted', detail: `kind: the token does not allow ${kind}` }
  return refuseShared(speaker, event, source)
}
