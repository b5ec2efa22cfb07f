import type { Command } from 'commander'
import { consoleBase } from '../../console/query/consoleErrors.ts'
import { nearest } from '../../schemas/nearest.ts'
import type { Planned } from '../../schemas/planned.ts'
import { expectedError } from '../expectedError.ts'
import { instant, lengthOf } from './instant.ts'
import { consoleAddress, tokenOption } from './options.ts'
import { askWith } from './shows.ts'

interface Flags {
  readonly for: string
  readonly from?: string
  readonly tenant?: string
  readonly show?: string
  readonly stream?: string
  readonly rule?: string
  readonly hop?: string
  readonly cause?: readonly string[]
  readonly by?: string
  readonly reason?: string
  readonly id?: string
}

function planOf(type: Planned['type'], flags: Flags, now: number): Planned {
  const from_ms = flags.from === undefined ? now : instant(flags.from, now)
  const { tenant, show, stream, rule, hop, by, reason } = flags
  const given = <T extends object>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
  const cause = flags.cause?.map((pair) => {
    const [name, ...value] = pair.split('=')
    if (value.length === 0) throw expectedError(`--cause ${pair}: write name=value.`)
    return [name!, value.join('=')] as const
  })
  if ([tenant, show, stream, rule, hop, cause].every((each) => each === undefined))
    throw expectedError(
      `this would be a ${type} of everything. Name what it is for, such as --show NAME; --show '*' means every show.`,
    )
  return {
    type,
    id: flags.id ?? `${type}-${now.toString(36)}`,
    match: given({ tenant, show, stream }),
    from_ms,
    to_ms: from_ms + lengthOf(flags.for, '--for'),
    ...given({ rule, hop, by, reason }),
    ...(cause && { cause: Object.fromEntries(cause) }),
  } as Planned
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** One announced plan in a line: what it is for, and when. */
function described({ id, type, match, rule, hop, cause, from_ms, to_ms, by, reason }: Planned): string {
  const subject = [
    ...Object.values(match),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
    ...(hop === undefined ? [] : [`hop ${hop}`]),
    ...Object.entries(cause ?? {}).map(([name, value]) => `${name} ${value}`),
  ]
  const note = [...(by === undefined ? [] : [by]), ...(reason === undefined ? [] : [reason])].join(': ')
  return `${id}: ${type} of ${subject.join(' / ') || 'everything'}, ${minute(from_ms)} to ${minute(to_ms)}${note ? ` (${note})` : ''}`
}

/** Adds `firstframe planned`. */
export function registerPlanned(program: Command): void {
  const planned = program
    .command('planned')
    .description('announce maintenance, silence incidents, and see what is announced')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
  const base = (): string => `${consoleBase(planned.opts().url as string)}/api/planned`
  const ask = askWith(() => planned.opts().token)
  /** A show that nobody reported or declared is often a misspelt one; it may also be one that is to come. */
  const unknownShow = async ({ match: { show, tenant } }: Planned): Promise<string | undefined> => {
    const of = tenant === undefined || tenant.includes('*') ? '' : `?tenant=${encodeURIComponent(tenant)}`
    const root = base().replace(/planned$/, '')
    const { shows } = JSON.parse(await ask(`${root}shows${of}`)) as { shows: Record<string, unknown> }
    if (show === undefined || show.includes('*') || show in shows) return undefined
    const declared = JSON.parse(await ask(`${root}registry`)) as { shows: { show: string }[] }
    const known = [...Object.keys(shows), ...declared.shows.map((entry) => entry.show)]
    if (known.includes(show)) return undefined
    return `Nothing has reported of a show ${show}, and none is declared${nearest(show, known) || '.'} Shows here: ${known.join(', ') || 'none'}.`
  }
  const announce = async (plan: Planned) => {
    const { id, ...body } = plan
    const unknown = await unknownShow(plan)
    await ask(`${base()}/${encodeURIComponent(id)}`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    console.log(`${id}: ${plan.type} from ${minute(plan.from_ms)} to ${minute(plan.to_ms)}`)
    if (unknown !== undefined) console.error(unknown)
  }
  const scope = (command: Command) =>
    command
      .requiredOption('--for <length>', '90s, 30m, 2h')
      .option('--from <time>', 'when it begins: ISO 8601 or epoch seconds; default now')
      .option('--tenant <name>', 'only this tenant; * in a name matches anything')
      .option('--show <name>', 'only this show')
      .option('--stream <name>', 'only this stream')
      .option('--by <name>', 'who announces it')
      .option('--reason <text>', 'why')
      .option('--id <name>', 'names it; one of the same name is replaced')

  planned
    .command('list', { isDefault: true })
    .description('what is announced, with its scope and its time')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const text = await ask(base())
      if (json) return void console.log(text)
      const { planned: all } = JSON.parse(text) as { planned: Planned[] }
      if (all.length === 0) console.log('Nothing is announced.')
      for (const plan of all) console.log(described(plan))
    })

  scope(planned.command('maintenance').description('a planned break: no incident is opened')).action(
    async (flags: Flags) => announce(planOf('maintenance', flags, Date.now())),
  )

  scope(planned.command('silence').description('incidents are found and stored, and nobody is notified'))
    .option('--rule <id>', 'only this rule, e.g. bitrate-baseline')
    .option('--hop <name>', 'only this hop')
    .option('--cause <pairs...>', 'only with these values in the cause, name=value')
    .action(async (flags: Flags) => announce(planOf('silence', flags, Date.now())))

  planned
    .command('remove')
    .argument('<id>')
    .description('withdraw what was announced')
    .action(async (id: string) => {
      await ask(`${base()}/${encodeURIComponent(id)}`, { method: 'DELETE' })
      console.log(`withdrew ${id}`)
    })
}
