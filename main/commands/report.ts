import { type Command, Option } from 'commander'
import { instant } from './instant.ts'
import { consoleAddress, tokenOption } from './options.ts'

/** `firstframe report SHOW`: one self-contained HTML page after the show. */
export function registerReport(program: Command): void {
  program
    .command('report')
    .argument('<show>', 'the show')
    .description(
      'writes one HTML page about a show: audience, quality, incidents, rounds, fairness, bandwidth, what to do better',
    )
    .option(
      '--from <time>',
      'its beginning, e.g. 2026-11-20T12:00:00Z; by default the show’s own within the last seven days',
    )
    .option('--to <time>', 'its end')
    .option('--tenant <tenant>', 'whose show; needed when several have one of this name')
    .option(
      '--out <file>',
      'the file to write; by default report-SHOW.html; a name that ends in .md makes it Markdown',
    )
    .option('--zone <zone>', 'the zone of its times, e.g. Asia/Shanghai; by default UTC')
    .addOption(new Option('--lang <lang>', 'the page’s language').choices(['en', 'zh']).default('en'))
    .option('--url <url>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    .action(async (show: string, flags) => {
      const now_ms = Date.now()
      const time = (text: string | undefined) =>
        text === undefined ? undefined : new Date(instant(text, now_ms)).toISOString()
      const { writeReport } = await import('../../console/report/writeReport.ts')
      const file = await writeReport({
        show,
        ...flags,
        from: time(flags.from),
        to: time(flags.to),
        clock: () => Date.now(),
      })
      console.log(file)
    })
}
