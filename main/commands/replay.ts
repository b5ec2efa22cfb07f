import type { Command } from 'commander'
import { consoleBase } from '../../console/query/consoleErrors.ts'
import { type Bar, MARKS, type Mark, type Marked } from '../../schemas/mark.ts'
import { expectedError } from '../expectedError.ts'
import { readRules } from '../receivers.ts'
import type { ReplayedPage } from '../replay.ts'
import { instant } from './instant.ts'
import { consoleAddress, tokenOption } from './options.ts'
import { askWith } from './shows.ts'

interface Flags {
  readonly from: string
  readonly to: string
  readonly rules: string
  readonly tenant?: string
  readonly show?: string
  readonly marks?: boolean
  readonly mark: readonly string[]
  readonly url: string
  readonly token?: string
  readonly json?: boolean
}

/** Adds `firstframe replay`. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('run stored traffic through the rules again and say which pages would have come')
    .requiredOption('--from <instant>', 'ISO 8601, epoch seconds, or -2h')
    .option('--to <instant>', 'default: now', '-0s')
    .option('--rules <file>', 'YAML of changed rules; without it the catalogue’s', '')
    .option('--tenant <name>', 'only this tenant')
    .option('--show <name>', 'only this show')
    .option('--marks', 'say what the marks of the on-call do to these pages')
    .option(
      '--mark <incident=mark>',
      `try a mark (${MARKS.join(', ')}) beside those that stand; may be repeated`,
      (text: string, before: readonly string[]) => [...before, text],
      [] as readonly string[],
    )
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    .option('--json', 'one JSON object a page')
    .action(async (flags: Flags) => {
      const { replay } = await import('../replay.ts')
      const now = Date.now()
      const from_ms = Math.floor(instant(flags.from, now) / 1000) * 1000
      const to_ms = Math.floor(instant(flags.to, now) / 1000) * 1000
      if (to_ms <= from_ms) throw expectedError('--to lies before --from.')
      const ask = asking(flags)
      let facts = 0
      const bar = process.stderr.isTTY === true && !flags.json
      const marks = flags.marks || flags.mark.length > 0 ? await marksOf(flags, ask, now) : undefined
      const pages = await replay({
        query: async (sql) => {
          const rows = (
            await ask('/clickhouse/?database=firstframe&default_format=JSONEachRow', {
              method: 'POST',
              body: sql,
            })
          )
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as Record<string, unknown>)
          facts += rows.length
          return rows
        },
        rules: readRules(flags.rules),
        from_ms,
        to_ms,
        tenant: flags.tenant,
        show: flags.show,
        marks,
        ...(bar
          ? {
              progress: (at_ms: number) =>
                process.stderr.write(`\r${Math.round((100 * (at_ms - from_ms)) / (to_ms - from_ms))} % `),
            }
          : {}),
      })
      if (bar) process.stderr.write('\r')
      if (facts === 0)
        throw expectedError(
          `nothing was replayed: the store has no facts${flags.show === undefined ? '' : ` of ${flags.show}`} from ${new Date(from_ms).toISOString()} to ${new Date(to_ms).toISOString()}.`,
        )
      if (flags.json) for (const page of pages) console.log(JSON.stringify(page))
      else console.log(textOf(pages, marks))
    })
}

type Ask = ReturnType<typeof asking>

/** Asks the console for a path's text. Throws an expected error when it does not answer, or refuses. */
const asking = ({ url, token }: Pick<Flags, 'url' | 'token'>) => {
  const ask = askWith(() => token)
  return (path: string, request: RequestInit = {}) => ask(`${consoleBase(url)}${path}`, request)
}

/** The marks that stand, with those that are tried. */
async function marksOf(flags: Flags, ask: Ask, at_ms: number): Promise<Marked[]> {
  const query = flags.tenant === undefined ? '' : `?tenant=${encodeURIComponent(flags.tenant)}`
  const { bars } = JSON.parse(await ask(`/api/bars${query}`)) as { bars: Bar[] }
  const marks = new Map(bars.flatMap(({ marks: own }) => own).map((each) => [each.incident, each]))
  for (const each of flags.mark) {
    const [incident = '', mark = ''] = each.split('=')
    if (!(MARKS as readonly string[]).includes(mark))
      throw expectedError(`--mark ${each}: it must be INCIDENT=${MARKS.join('|')}.`)
    const { tenant, show, stream, rule } = JSON.parse(
      await ask(`/api/incidents/${encodeURIComponent(incident)}${query}`),
    ) as Marked
    marks.set(incident, { incident, mark: mark as Mark, tenant, show, stream, rule, at_ms })
  }
  return [...marks.values()]
}

/** The pages as text, a line each; where marks were tried, what they do comes first. */
function textOf(pages: readonly ReplayedPage[], marks: readonly Marked[] | undefined): string {
  const lines = pages.map(({ at_ms, change, hop, summary_en, effect, moved_s }) =>
    [
      new Date(at_ms).toISOString(),
      ...(effect === undefined ? [] : [`${effect}${moved_s ? ` ${moved_s} s` : ''}`.padEnd(12)]),
      `${change.padEnd(9)} ${hop.padEnd(11)} ${summary_en}`,
    ].join('  '),
  )
  if (marks === undefined) return lines.length === 0 ? 'No page would have come.' : lines.join('\n')
  const count = (...effects: readonly ReplayedPage['effect'][]) =>
    pages.filter(({ change, effect }) => change !== 'resolved' && effects.includes(effect)).length
  const before = count('same', 'gone', 'earlier', 'later')
  const after = count('same', 'new', 'earlier', 'later')
  return [
    `With ${marks.length} mark${marks.length === 1 ? '' : 's'}: ${after} page${after === 1 ? '' : 's'} instead of ${before}; ${count('gone')} gone, ${count('new')} new, ${count('earlier', 'later')} moved.`,
    ...lines,
  ].join('\n')
}
