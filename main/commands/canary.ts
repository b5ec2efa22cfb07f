import { type Command, InvalidArgumentError, Option } from 'commander'
import { CAUSAL_DIMENSIONS } from '../../schemas/dimensions.ts'
import type { Metric } from '../../schemas/metrics.ts'
import { instant } from './instant.ts'
import { consoleAddress, tokenOption } from './options.ts'

const place = (text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const [, name = '', value = ''] = /^([a-z_]+)=(.+)$/.exec(text) ?? []
  if (!CAUSAL_DIMENSIONS.some((each) => each === name))
    throw new InvalidArgumentError(`Write dimension=value, with one of ${CAUSAL_DIMENSIONS.join(', ')}.`)
  return { ...before, [name]: value }
}

const EXIT = { well: 0, worse: 1, undecided: 3 } as const

/** `firstframe canary SHOW VERSION`: whether a release may go on. */
export function registerCanary(program: Command): void {
  program
    .command('canary')
    .argument('<show>', 'the show')
    .argument('<version>', 'the new version')
    .description(
      'compares a release with the versions beside it: exit code 0 well, 1 worse, 3 not decided yet',
    )
    .addOption(
      new Option('--by <dimension>', 'what tells versions apart')
        .choices(CAUSAL_DIMENSIONS)
        .default('component_version'),
    )
    .option('--where <dimension=value>', 'only these, e.g. component=red-packet; may be given again', place)
    .option('--from <time>', 'since when, e.g. the release’s beginning', '-1h')
    .option('--to <time>', 'until when; by default now')
    .option('--tenant <tenant>', 'whose show; needed when several have one of this name')
    .option('--json', 'one object a metric')
    .option('--url <url>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    .action(async (show: string, version: string, flags) => {
      const [{ compareRelease }, { askRows }, { amount }, { metricOf }] = await Promise.all([
        import('../../console/report/compareRelease.ts'),
        import('../../console/report/ask.ts'),
        import('../../console/report/amount.ts'),
        import('../../schemas/metrics.ts'),
      ])
      const text = (metric: Metric, value: number | null) =>
        value === null ? '–' : amount(value, metricOf(metric).unit)
      const now_ms = Date.now()
      const found = await compareRelease(askRows(flags.url, flags.token), {
        ...{ show, version, by: flags.by, where: flags.where ?? {}, tenant: flags.tenant },
        from_ms: instant(flags.from, now_ms),
        to_ms: flags.to === undefined ? now_ms : instant(flags.to, now_ms),
      })
      for (const each of found) {
        const { metric, verdict, now, before, sessions } = each
        if (flags.json) console.log(JSON.stringify(each))
        else
          console.log(
            `${verdict.padEnd(9)}  ${metric.padEnd(24)}  ${text(metric, now)} against ${text(metric, before)}  (${sessions.join(' and ')} sessions)`,
          )
      }
      const has = (verdict: string) => found.some((each) => each.verdict === verdict)
      const verdict = has('worse') ? 'worse' : has('undecided') || found.length === 0 ? 'undecided' : 'well'
      if (!flags.json)
        console.log(
          {
            worse: `WORSE: take ${version} back.`,
            undecided: `NOT DECIDED: ${found.length === 0 ? 'nobody reports it' : 'too few sessions to rule harm out'}.`,
            well: `WELL: ${version} is not worse by what matters.`,
          }[verdict],
        )
      process.exitCode = EXIT[verdict]
    })
}
