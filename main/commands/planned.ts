import type { Command } from 'commander'
import type { Planned } from '../../schemas/planned.ts'
import { expectedError } from '../expectedError.ts'
import { ask } from './shows.ts'

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

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** `90s`, `30m` or `2h` as ms. */
function lengthOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  if (number === undefined) throw expectedError(`--for ${text}: say 90s, 30m or 2h.`)
  return Number(number) * UNITS[unit!]!
}

function planOf(type: Planned['type'], flags: Flags, now: number): Planned {
  const from_ms = flags.from === undefined ? now : Date.parse(flags.from)
  if (!Number.isFinite(from_ms)) throw expectedError(`--from ${flags.from}: say when in ISO 8601.`)
  const { tenant, show, stream, rule, hop, by, reason } = flags
  const given = <T extends object>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
  const cause = flags.cause?.map((pair) => {
    const [name, ...value] = pair.split('=')
    if (value.length === 0) throw expectedError(`--cause ${pair}: say name=value.`)
    return [name!, value.join('=')] as const
  })
  return {
    type,
    id: flags.id ?? `${type}-${now.toString(36)}`,
    match: given({ tenant, show, stream }),
    from_ms,
    to_ms: from_ms + lengthOf(flags.for),
    ...given({ rule, hop, by, reason }),
    ...(cause && { cause: Object.fromEntries(cause) }),
  } as Planned
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export function registerPlanned(program: Command): void {
  const planned = program
    .command('planned')
    .description('announce maintenance, silence incidents, and see what is announced')
    .option('--url <address>', 'the console’s address', 'http://127.0.0.1:8081')
  const base = (): string => `${(planned.opts().url as string).replace(/\/$/, '')}/api/planned`
  const announce = async (plan: Planned) => {
    const { id, ...body } = plan
    await ask(`${base()}/${encodeURIComponent(id)}`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    console.log(`${id}: ${plan.type} from ${minute(plan.from_ms)} to ${minute(plan.to_ms)}`)
  }
  const scope = (command: Command) =>
    command
      .requiredOption('--for <length>', '90s, 30m, 2h')
      .option('--from <time>', 'when it begins, ISO 8601; without it now')
      .option('--tenant <name>', 'only this tenant; * in a name matches anything')
      .option('--show <name>', 'only this show')
      .option('--stream <name>', 'only this stream')
      .option('--by <name>', 'who announces it')
      .option('--reason <text>', 'why')
      .option('--id <name>', 'names it; one of the same name is replaced')

  planned
    .command('list', { isDefault: true })
    .description('what is announced')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const text = await ask(base())
      if (json) return void console.log(text)
      const { planned: all } = JSON.parse(text) as { planned: Planned[] }
      if (all.length === 0) console.log('Nothing is announced.')
      for (const { id, type, match, from_ms, to_ms, reason } of all)
        console.log(
          `${id}: ${type} of ${Object.values(match).join(' / ') || 'everything'}, ${minute(from_ms)} to ${minute(to_ms)}${reason ? ` (${reason})` : ''}`,
        )
    })

  scope(planned.command('maintenance').description('a planned break: no incident is opened')).action(
    async (flags: Flags) => announce(planOf('maintenance', flags, Date.now())),
  )

  scope(planned.command('silence').description('incidents are found and stored, and nobody is told'))
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
