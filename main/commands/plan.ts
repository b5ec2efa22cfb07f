import { type Command, InvalidArgumentError } from 'commander'
import type { Prices } from '../plan/plan.ts'

/** A number as people write it: `50000000`, `50e6`. */
const amount = (text: string): number => {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number, e.g. 50e6.')
  return value
}
const positive = (text: string): number => {
  const value = amount(text)
  if (value === 0) throw new InvalidArgumentError('It must be more than 0.')
  return value
}
const share = (text: string): number => {
  const value = positive(text)
  if (value > 1) throw new InvalidArgumentError('It must be a share, more than 0 and at most 1.')
  return value
}
/** A round as text: `0.3/2` means that 30 % of the viewers submit within 2 seconds. */
const round = (text: string) => {
  const [part = '', seconds = '', more] = text.split('/')
  if (seconds === '' || more !== undefined)
    throw new InvalidArgumentError(
      'Write SHARE/SECONDS, e.g. 0.3/2: three in ten viewers within two seconds.',
    )
  return { share: share(part), seconds: positive(seconds) }
}

interface Flags extends Prices {
  readonly viewers: number
  readonly heartbeat: number
  readonly interactions: number
  readonly round?: { readonly share: number; readonly seconds: number }
  readonly sample: number
  readonly hours: number
  readonly partitions?: number
  readonly figures?: string
  readonly json?: boolean
  readonly coreHour?: number
  readonly gbHour?: number
  readonly diskGbMonth?: number
  readonly egressGb?: number
}

/** `firstframe plan --viewers N`: what a show needs, and what it costs. */
export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description(
      'what a show of so many viewers needs: cores, partitions, memory, disks, traffic, price, each derived',
    )
    .requiredOption('--viewers <n>', 'watching at the same time, e.g. 50e6', positive)
    .option('--heartbeat <s>', 'seconds between two heartbeats of a player', positive, 10)
    .option('--interactions <n>', 'interactions of a viewer in a minute', amount, 1.2)
    .option(
      '--round <share/s>',
      'a round: this share of the viewers submits within so many seconds, e.g. 0.3/2',
      round,
    )
    .option('--sample <share>', 'share of the players that report', share, 1)
    .option('--hours <n>', 'how long the show is', positive, 3)
    .option(
      '--partitions <n>',
      'partitions of a topic (default: as many as writers and watchers need)',
      positive,
    )
    .option(
      '--figures <file>',
      'what your machine does: `npm run bench -- end-to-end scale sessions insert --json > FILE`',
    )
    .option('--core-hour <price>', 'price of a core for an hour', amount)
    .option('--gb-hour <price>', 'price of a GB of memory for an hour', amount)
    .option('--disk-gb-month <price>', 'price of a GB of disk for a month', amount)
    .option('--egress-gb <price>', 'price of a GB that leaves', amount)
    .option('--json', 'the plan as one JSON object')
    .action(async (flags: Flags) => {
      const [{ readFigures }, { partitionsFor, SHOW }, { planOf }, { short }] = await Promise.all([
        import('../plan/figures.ts'),
        import('../plan/needs.ts'),
        import('../plan/plan.ts'),
        import('../plan/table.ts'),
      ])
      const read = readFigures(flags.figures)
      const { viewers, heartbeat, interactions, sample, hours } = flags
      const show = {
        ...SHOW,
        viewers,
        interval_s: heartbeat,
        interactions,
        sample,
        hours,
        pulse: flags.round,
      }
      const partitions = flags.partitions ?? partitionsFor(show, read.figures)
      const plan = planOf({ ...show, partitions }, read, {
        core_hour: flags.coreHour,
        gb_hour: flags.gbHour,
        disk_gb_month: flags.diskGbMonth,
        egress_gb: flags.egressGb,
      })
      if (flags.json) return void console.log(JSON.stringify(plan))
      for (const { text, value, unit, from } of plan.lines)
        console.log(`${text.padEnd(34)}${short(value).padStart(8)} ${unit.padEnd(6)} ${from}`)
      console.log('')
      for (const each of plan.assumed) console.log(each)
    })
}
