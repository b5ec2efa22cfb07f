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
}

/** Sessions by tenant and `sid`, bounded: whoever was silent for long, or beyond the number kept, is forgotten. */
export interface CmcdSessions {
  of(tenant: string, sid: string, now_ms: number): CmcdSession
  readonly size: number
}

export function keepSessions(options: { readonly most: number; readonly idle_ms: number }): CmcdSessions {
  let current = new Map<string, CmcdSession>()
  let before = new Map<string, CmcdSession>()
  let turned_ms = 0
  return {
    of(tenant, sid, now_ms) {
      // Two generations: a session that is not asked for during two turns is gone, without a list in order of use.
      if (now_ms - turned_ms > options.idle_ms || current.size >= options.most / 2) {
        before = current
        current = new Map()
        turned_ms = now_ms
      }
      const key = `${tenant}\n${sid}`
      let session = current.get(key)
      if (session === undefined) {
        session = before.get(key) ?? newSession()
        current.set(key, session)
      }
      return session
    },
    get size() {
      return current.size + before.size
    },
  }
}

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
})
