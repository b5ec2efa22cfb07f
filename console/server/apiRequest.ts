import { type Static, Type } from '@sinclair/typebox'
import type { ApiErrorCode } from '../api.ts'
import { RANGE_MS } from '../windows.ts'
import { SESSION_FILTERS, type SessionFilter } from './sessions.ts'

const Name = Type.Optional(Type.String({ maxLength: 256 }))
const When = Type.Optional(Type.Integer({ minimum: 0, maximum: 8.64e15 }))
/** What a request to `/api/…` may say in its query; each route reads its part. */
export const Query = Type.Object({
  tenant: Name,
  show: Name,
  stream: Name,
  app: Name,
  incident: Name,
  q: Name,
  at: When,
  /** Length of the axis, ms, or `show`: from the show's beginning. */
  range: Type.Optional(
    Type.Union([Type.Literal('show'), Type.Integer({ minimum: RANGE_MS.least, maximum: RANGE_MS.most })]),
  ),
  /** The last show of the same name beside this one. */
  compare: Name,
  lang: Name,
  /** Of a report: the zone of its times, and `md` for Markdown. */
  zone: Name,
  format: Name,
  from: When,
  to: When,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  ...Object.fromEntries(SESSION_FILTERS.map((name) => [name, Name])),
})
export type Query = Static<typeof Query> & SessionFilter

/** A refusal: answered with its code and detail. */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  constructor(code: ApiErrorCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** The tenant that is meant: the first one when the query names none. */
export function tenantOf({ tenant }: Query, tenants: readonly string[]): string {
  const name = tenant ?? tenants[0] ?? 'demo'
  if (!tenants.includes(name)) throw new ApiError('not_found', `no tenant ${name}`)
  return name
}
