import type { Emit } from '../schemas/facts.ts'
import type { IngestAnswer, IngestRequest } from './route.ts'
import { verifyStreamKey } from './streamKey.ts'

/** What every hook needs to know to say whose a stream is and whether it may be published. */
export interface HookOptions {
  /** The tenant of a write key (`?key=` in the hook's URL); undefined: nobody's, and the hook is refused. */
  readonly tenantOf: (key: string | undefined) => string | undefined
  /** Secrets that sign a tenant's stream keys, newest first. None: publishing is free. */
  readonly publishSecrets?: (tenant: string) => readonly string[]
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
}

/** A hook's reading of a publisher's wish. */
export interface Publisher {
  readonly source: string
  readonly app: string
  readonly stream: string
  /** The stream's arguments, `expires=…&sign=…`, with or without a question mark. */
  readonly args: string
}

/** The tenant of a hook, or the refusal to send back. */
export function tenantOfHook(
  request: IngestRequest,
  options: HookOptions,
  source: string,
): string | { readonly refused: IngestAnswer } {
  const header = request.headers['x-firstframe-key']
  const tenant = options.tenantOf(request.query.key ?? (typeof header === 'string' ? header : undefined))
  if (tenant !== undefined) return tenant
  options.emit({ type: 'ingest_hook_refused', source, code: 'unknown_key' })
  return { refused: { status: 403, body: 'unknown_key' } }
}

/** Whether a tenant's stream may be published now. Says why not, by the code of `verifyStreamKey`. */
export function mayPublish(tenant: string, publisher: Publisher, options: HookOptions): true | string {
  const secrets = options.publishSecrets?.(tenant) ?? []
  if (secrets.length === 0) return true
  const { app, stream, args, source } = publisher
  const verdict = verifyStreamKey({ secrets, app, stream, args, now_ms: options.clock() })
  if (verdict.ok) return true
  options.emit({ type: 'ingest_hook_refused', source, code: verdict.code, stream })
  return verdict.code
}
