import { ownText } from '../ownText.ts'

/** What has to be remembered of a session to make intervals out of reports. */
export interface CmcdSession {
  /** When its newest report was, on the collector's clock; undefined before the first. */
  last_ms: number | undefined
  /** In the catalogue's words; '' until the player says. */
  state: string
  /** Whether it has ever said its state: some players never do. */
  saysState: boolean
  started: boolean
  /** When it began to start, if that was seen. */
  starting_ms: number | undefined
  /** Newest `sn` by mode. */
  readonly sn: { event: number | undefined; request: number | undefined }
  /** Counters of the session as last reported. */
  emptied: number | undefined
  emptied_ms: number | undefined
  frames_dropped: number | undefined
  /** Playback rate as last reported; 1 before. */
  rate: number
}

/** Sessions by tenant and `sid`. What was silent for long is forgotten; a tenant's sessions push out only its own. */
export interface CmcdSessions {
  of(tenant: string, sid: string, now_ms: number): CmcdSession
  readonly size: number
}

interface Generations {
  current: Map<string, CmcdSession>
  before: Map<string, CmcdSession>
  turned_ms: number
}

/**
 * @param options.most sessions kept of one tenant
 * @param options.idle_ms how long a silent session is kept, at most twice this
 */
export function keepSessions(options: { readonly most: number; readonly idle_ms: number }): CmcdSessions {
  const tenants = new Map<string, Generations>()
  return {
    of(tenant, sid, now_ms) {
      let kept = tenants.get(tenant)
      if (kept === undefined) {
        kept = { current: new Map(), before: new Map(), turned_ms: now_ms }
        tenants.set(tenant, kept)
      }
      // Two generations: a session that is not asked for during two turns is gone, without a list in order of use.
      if (now_ms - kept.turned_ms > options.idle_ms || kept.current.size >= options.most / 2) {
        kept.before = kept.current
        kept.current = new Map()
        kept.turned_ms = now_ms
      }
      let session = kept.current.get(sid)
      if (session === undefined) {
        session = kept.before.get(sid) ?? newSession()
        kept.current.set(ownText(sid), session)
      }
      return session
    },
    get size() {
      let size = 0
      for (const { current, before } of tenants.values()) size += current.size + before.size
      return size
    },
  }
}

/** A CMCD session of which nothing has been heard yet. */
export const newSession = (): CmcdSession => ({
  last_ms: undefined,
  state: '',
  saysState: false,
  started: false,
  starting_ms: undefined,
  sn: { event: undefined, request: undefined },
  emptied: undefined,
  emptied_ms: undefined,
  frames_dropped: undefined,
  rate: 1,
})
