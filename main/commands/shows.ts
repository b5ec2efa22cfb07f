import type { Command } from 'commander'
import { parse } from 'yaml'
import { consoleBase, noAnswer, refusedBy } from '../../console/query/consoleErrors.ts'
import { roundWarnings } from '../../schemas/roundPlan.ts'
import type { ShowEntry } from '../../schemas/show.ts'
import { expectedError } from '../expectedError.ts'
import { readText } from '../readText.ts'
import { consoleAddress, tokenOption } from './options.ts'

/** Asks the console, with the token if there is one; throws an error in a line a person can mend. */
export const askWith =
  (token: () => string | undefined) =>
  (url: string, init: RequestInit = {}): Promise<string> => {
    const headers = new Headers(init.headers)
    const given = token()
    if (given !== undefined) headers.set('authorization', `Bearer ${given}`)
    return ask(url, { ...init, headers })
  }

async function ask(url: string, init: RequestInit): Promise<string> {
  let answer: Response
  try {
    answer = await fetch(url, init)
  } catch (error) {
    throw noAnswer(url, error)
  }
  const text = await answer.text()
  if (!answer.ok) throw refusedBy(url, answer.status, text)
  return text
}

/** The shows of a file; nothing is declared unless all of it can be read. */
function entriesOf(file: string, text: string): readonly ShowEntry[] {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw expectedError(`${file}: ${(error as Error).message.split('\n')[0]}`)
  }
  const { shows } = (value ?? {}) as { shows?: unknown }
  const entries: unknown[] = Array.isArray(shows) ? shows : Array.isArray(value) ? value : [value]
  if (entries.length === 0) throw expectedError(`${file}: has no show, so nothing was declared.`)
  for (const entry of entries)
    if (typeof (entry as Partial<ShowEntry> | null)?.show !== 'string')
      throw expectedError(`${file}: an entry has no \`show\`, its name.`)
  return entries as ShowEntry[]
}

/** Adds `firstframe shows`. */
export function registerShows(program: Command): void {
  const shows = program
    .command('shows')
    .description('which streams and apps belong to a show')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
  const base = (): string => `${consoleBase(shows.opts().url as string)}/api/registry`
  const ask = askWith(() => shows.opts().token)

  shows
    .command('list', { isDefault: true })
    .description('the shows that are declared')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const text = await ask(base())
      if (json) return void console.log(text)
      const { shows: entries } = JSON.parse(text) as { shows: ShowEntry[] }
      if (entries.length === 0)
        console.log(
          'No show is declared. `firstframe shows apply FILE` declares some; beacons that name their show need none.',
        )
      for (const { show, title, tenant, streams, starts } of entries) {
        console.log(
          `${show}${title === undefined ? '' : ` — ${title}`}${tenant === undefined ? '' : ` (${tenant})`}${starts === undefined ? '' : ` from ${starts}`}`,
        )
        for (const { stream, apps } of streams)
          console.log(`  ${stream}${apps === undefined ? '' : `: ${apps.join(', ')}`}`)
      }
    })

  shows
    .command('apply')
    .argument('<file>', 'YAML: a list under `shows:`, or one show')
    .description('declare shows from a file; a show of the same name is replaced')
    .action(async (file: string) => {
      const entries = entriesOf(file, readText(file))
      for (const { show, ...entry } of entries) {
        await ask(`${base()}/${encodeURIComponent(show)}`, {
          method: 'PUT',
          body: JSON.stringify(entry),
          headers: { 'content-type': 'application/json' },
        })
        console.log(`declared ${show}`)
        for (const warning of roundWarnings(entry.rounds ?? [])) console.warn(`warning: ${warning}`)
      }
    })

  shows
    .command('remove')
    .argument('<show>')
    .option('--tenant <name>', 'whose')
    .description('forget a show’s declaration; its facts stay')
    .action(async (show: string, { tenant }: { tenant?: string }) => {
      const { shows: entries } = JSON.parse(await ask(base())) as { shows: ShowEntry[] }
      if (!entries.some((entry) => entry.show === show))
        throw expectedError(
          `no show ${show} is declared; there are: ${entries.map((entry) => entry.show).join(', ') || 'none'}.`,
        )
      await ask(
        `${base()}/${encodeURIComponent(show)}${tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`}`,
        { method: 'DELETE' },
      )
      console.log(`forgot ${show}`)
    })
}
