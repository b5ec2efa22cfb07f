import { askStore } from '../../store/testing.ts'

export interface Answer {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly rows_read: number
  readonly elapsed_ms: number
}

/** Asks as Grafana would: a reader, one statement over HTTP, no settings in the SQL. A refusal is thrown with ClickHouse's text. */
export async function askAsReader(url: string, sql: string): Promise<Answer> {
  const began = performance.now()
  const { status, text } = await askStore(
    { url, user: 'reader' },
    { args: { database: 'firstframe', default_format: 'JSON' }, body: sql },
  )
  const elapsed_ms = performance.now() - began
  if (status !== 200) throw new Error(`${text.trim()}\n${sql}`)
  const answer = JSON.parse(text) as Omit<Answer, 'rows_read' | 'elapsed_ms'> & {
    readonly statistics: { readonly rows_read: number }
  }
  return { meta: answer.meta, data: answer.data, rows_read: answer.statistics.rows_read, elapsed_ms }
}
