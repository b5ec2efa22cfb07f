import type { BeaconEvent } from '../schemas/beacon.ts'
import { OTHER } from '../schemas/dimensions.ts'
import type { Answer, EventAnswer, Inbound } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import type { FileBytes } from './recording.ts'
import { verifyStreamKey } from './streamKey.ts'

/** A hook, as what authenticates it sees it. */
export interface Hook {
  readonly request: Inbound
  readonly source: string
}

/** What every hook needs to know: whose a stream is, and whether it may be published. */
export interface HookOptions {
  /**
   * Whose hook it is, by its key (`?key=` in its URL), its signature or its address; undefined: nobody's, and nothing is
   * stored.
   */
  readonly tenantOf: (key: string | undefined, hook: Hook) => string | undefined
  /** Secrets that sign a tenant's stream keys, newest first. None: publishing is free. */
  readonly publishSecrets?: (tenant: string) => readonly string[]
  /**
   * Whether some tenant demands signed stream keys. Then a publisher behind a hook with an unknown key is refused:
   * nobody could check its stream key. Default: no.
   */
  readonly publishIsGuarded?: () => boolean
  /** Reads the sizes of recordings, where the media server runs on this machine. A missing file is a lost recording. */
  readonly fileBytes?: FileBytes
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
}

/** A publisher as a hook describes it. */
export interface Publisher {
  readonly source: string
  readonly app: string
  readonly stream: string
  /** The stream's arguments, `expires=…&sign=…`, with or without a question mark. */
  readonly args: string
}

/** Why a hook left no event: a code for the metrics. */
export type HookNote = 'unreadable' | 'unknown_action' | 'no_stream'

/**
 * The tenant of a hook; undefined: its key is unknown. The publisher is not to blame for a wrong key, so the hook is let
 * through and stored for nobody, unless it publishes and `isGuarded`.
 */
export function tenantOfHook(request: Inbound, options: HookOptions, source: string): string | undefined {
  const header = request.headers['x-firstframe-key']
  const tenant = options.tenantOf(request.query.key ?? (typeof header === 'string' ? header : undefined), {
    request,
    source,
  })
  if (tenant === undefined) options.emit({ type: 'ingest_hook_refused', source, code: 'unknown_key' })
  return tenant
}

/**
 * Whether whoever publishes behind a hook needs a signed stream key: by its tenant's word, or, where nobody knows whose
 * hook it is, as soon as some tenant demands one.
 */
export const isGuarded = (options: HookOptions, tenant: string | undefined): boolean =>
  tenant === undefined
    ? (options.publishIsGuarded?.() ?? false)
    : (options.publishSecrets?.(tenant) ?? []).length > 0

/**
 * The answer to a hook that cannot be read; undefined: it is refused, because an encoder could get past its stream key by
 * breaking its hook. `tenant`: whose hook it is, undefined while that is unknown.
 */
export const letThroughUnlessGuarded =
  (options: HookOptions, answer: Answer, tenant?: string): (() => Answer | undefined) =>
  () =>
    isGuarded(options, tenant) ? undefined : answer

/** The answer to a hook whose body says nothing to us: counted, and refused where publishing is guarded. */
export function answerUnreadable(
  options: HookOptions,
  { source, tenant }: { readonly source: string; readonly tenant: string | undefined },
  { letThrough, refuse }: { readonly letThrough: EventAnswer; readonly refuse: EventAnswer },
): EventAnswer {
  noteHook(options, source, 'unreadable')
  return letThroughUnlessGuarded(options, letThrough, tenant)() ?? refuse
}

/** A hook that is let through without an event, because we do not understand it: counted, so that somebody sees it. */
export function noteHook(options: HookOptions, source: string, note: HookNote, detail = ''): void {
  options.emit({ type: 'ingest_hook_unread', source, code: note, detail: detail.slice(0, 80) })
}

/** Whether a tenant's stream may be published now. Says why not, by the code of `verifyStreamKey`. */
export function mayPublish(tenant: string, publisher: Publisher, options: HookOptions): true | string {
  const code = keyProblem(tenant, publisher, options)
  if (code === undefined) return true
  options.emit({ type: 'ingest_hook_refused', source: publisher.source, code, stream: publisher.stream })
  return code
}

/**
 * Whether a publisher that has gone is the one that was let in. Servers report the end of a refused publisher, too:
 * somebody without a key must not be able to end the stream of somebody with one.
 */
export function mayUnpublish(tenant: string, publisher: Publisher, options: HookOptions): boolean {
  const code = keyProblem(tenant, publisher, options)
  // The key may have expired while the stream went on.
  return code === undefined || code === 'expired'
}

function keyProblem(
  tenant: string,
  { app, stream, args }: Publisher,
  options: HookOptions,
): string | undefined {
  const secrets = options.publishSecrets?.(tenant) ?? []
  if (secrets.length === 0) return undefined
  const verdict = verifyStreamKey({ secrets, app, stream, args, now_ms: options.clock() })
  return verdict.ok ? undefined : verdict.code
}

/**
 * The refusal of a publisher, with the event that says why. Only a key that expired is a word of ours: without one the stream's name and its arguments are whatever
 * somebody chose, so the hook's own address names the show, and made-up names of streams cost no place.
 */
export function refuseWith(
  answer: EventAnswer,
  { tenant, stream, source, ...about }: Publisher & { readonly tenant: string; readonly node: string },
  { reason, show }: { readonly reason: string; readonly show: string | undefined },
): EventAnswer {
  if (stream === '') return answer
  const named = reason === 'expired' ? stream : OTHER
  const event = { kind: 'hop', hop: 'publish', node: about.node, event: 'refused', reason } as const
  return answerWith(answer, { tenant, source, show, stream: named }, event)
}

/** A hook's answer with its one event. The answer holds even when the event is lost: a refusal would cut the publisher. */
export function answerWith(
  answer: EventAnswer,
  about: {
    readonly tenant: string
    readonly source: string
    readonly show?: string
    readonly stream: string
  },
  event: BeaconEvent,
): EventAnswer {
  const { tenant, source, show, stream } = about
  const context = { show: show || undefined, stream }
  return { ...answer, evenIfLost: true, events: [{ tenant, source, context, events: [event] }] }
}
