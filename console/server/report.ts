import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { Lang } from '../../schemas/words.ts'
import type { Store } from '../../store/client.ts'
import { QueryError } from '../query/consoleErrors.ts'
import { STYLE } from '../report/style.ts'
import { type ReportSource, reportOf } from '../report/writeReport.ts'
import { SECURITY_HEADERS } from './guard.ts'
import { limitedStore } from './timeLimit.ts'

/** A report reads a whole evening: its queries may take longer than a page's. */
const REPORT_LIMIT_MS = 30_000

/** The report's own style and nothing else: it runs nothing and loads nothing. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export interface ReportQuery {
  readonly tenant: string
  readonly show: string
  readonly lang: Lang
  readonly zone: string | undefined
  readonly markdown: boolean
  readonly from_ms: number | undefined
  readonly to_ms: number | undefined
}

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

/**
 * Answers the report of a show as a page of its own, or as Markdown.
 * @returns what is wrong, where a person can mend it
 */
export async function sendReport(
  reply: FastifyReply,
  store: Store,
  { tenant, show, lang, zone, markdown, from_ms, to_ms }: ReportQuery,
  { clock, plan }: Pick<ReportSource, 'clock' | 'plan'>,
): Promise<string | undefined> {
  const slow = limitedStore(store, REPORT_LIMIT_MS)
  try {
    const text = await reportOf((sql, params) => slow.query(sql, { params }), {
      tenant,
      show,
      lang,
      zone,
      markdown,
      console: '',
      from: iso(from_ms),
      to: iso(to_ms),
      clock,
      plan,
    })
    reply
      .headers({ ...SECURITY_HEADERS, 'content-security-policy': POLICY })
      .type(markdown ? 'text/markdown; charset=utf-8' : 'text/html; charset=utf-8')
      .send(text)
    return undefined
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
}
