import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../../docs/data/queries/', import.meta.url)

export interface WorkedQuery {
  /** The file's name without its ending. */
  readonly name: string
  /** The first comment line. */
  readonly question: string
  /** The comment lines after it. */
  readonly explanation: string
  readonly sql: string
}

/** The worked queries of `docs/data/queries`, in their order. */
export function readWorkedQueries(): WorkedQuery[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, FOLDER), 'utf8')
      const comments = text
        .split('\n')
        .filter((line) => line.startsWith('-- '))
        .map((line) => line.slice(3))
      return {
        name: file.replace(/\.sql$/, ''),
        question: comments[0] ?? '',
        explanation: comments.slice(1).join(' '),
        sql: text,
      }
    })
}

/** `docs/data/queries/README.md`: every worked query with what it answers. */
export function workedQueryPage(queries: readonly WorkedQuery[] = readWorkedQueries()): string {
  const entry = ({ name, question, explanation, sql }: WorkedQuery): string => {
    const code = sql
      .split('\n')
      .filter((line) => !line.startsWith('-- '))
      .join('\n')
      .trim()
    return `## ${name}\n\n**${question}**\n\n${explanation}\n\n\`\`\`sql\n${code}\n\`\`\``
  }
  return `<!-- Written by \`npm run generate\` from the files beside it. Change it there. -->
# Worked queries

Each is a file of its own and is tested for its result on known data (\`test/analysts/\`). \`from\` and \`to\` are in UTC; the clock is \`event_time\`,
the session's own, as for every report. Rows that are not believed, or that another source
reports already, have weight 0; so have rows outside a sample, with the flag 32 (bit 5): counts that are not weighted take rows with
\`weight > 0 OR bitTest(flags, 5)\`. Columns and rollups: [tables](../tables.md); definitions: [metrics](../metrics.md).

\`\`\`
npx firstframe query --file docs/data/queries/09-cdn-controlling-for-isp.sql \\
  --param tenant=demo --param show=gala --param from='2026-11-20 12:00:00' --param to='2026-11-20 14:00:00'
\`\`\`

For notebooks: [notebook.py](../notebook.py).

${queries.map(entry).join('\n\n')}
`
}
