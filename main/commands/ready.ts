import type { Command } from 'commander'
import { consoleBase } from '../../console/query/consoleErrors.ts'
import type { ShowEntry } from '../../schemas/show.ts'
import { expectedError } from '../expectedError.ts'
import { readReceivers } from '../receivers.ts'
import { configFileOf, configOf, positive, tokenOption, withConfig } from './options.ts'
import { askWith } from './shows.ts'

/** `firstframe ready SHOW`: the gate before a show, go or no-go with evidence. */
export function registerReady(program: Command, version: string): void {
  withConfig(program.command('ready'))
    .argument('<show>', 'as it is declared: firstframe shows')
    .description(
      'before a show: probes, edges, encoders, receivers, clocks, machine, capacity, rehearsal; exit code 0 go, 1 no-go',
    )
    .option('--viewers <n>', 'the audience to be ready for (default: `viewers` of the show)', positive)
    .option('--cores <n>', 'cores for all roles (default: this machine’s)', positive)
    .option('--rehearsal <file>', 'scorecard of a rehearsal: firstframe rehearse FILE --json')
    .option('--no-pages', 'send no test page to receivers')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)')
    .option('--collector <address>', 'the collector’s address (default: the configuration’s port)')
    .addOption(tokenOption())
    .option('--json', 'one object a finding: check, state (ok, warn, bad), text')
    .action(async (show: string, flags) => {
      const config = configOf(flags)
      const url = consoleBase((flags.url as string) ?? `http://127.0.0.1:${config.console_port}`)
      const ask = askWith(() => flags.token)
      const { shows } = JSON.parse(await ask(`${url}/api/registry`)) as { shows: ShowEntry[] }
      const [{ readTargets }, { check }, { examine }, { examineShow }] = await Promise.all([
        import('../../probe/target.ts'),
        import('../../probe/check.ts'),
        import('../doctor.ts'),
        import('../ready/ready.ts'),
      ])
      const { targets, problems } = readTargets(config.probes)
      if (problems.length > 0)
        throw expectedError(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
      const findings = await examineShow({
        show,
        entry: shows.find((entry) => entry.show === show),
        viewers: flags.viewers,
        cores: flags.cores,
        rehearsal: flags.rehearsal,
        targets,
        receivers: readReceivers(config.receivers),
        pages: flags.pages,
        dashboard: config.public_url || url,
        collector: ((flags.collector as string) ?? `http://127.0.0.1:${config.port}`).replace(/\/$/, ''),
        query: async (sql, params) => {
          const args = new URLSearchParams({ database: 'firstframe', default_format: 'JSON' })
          for (const [name, value] of Object.entries(params)) args.set(`param_${name}`, value)
          const text = await ask(`${url}/clickhouse/?${args}`, { method: 'POST', body: sql })
          return JSON.parse(text).data
        },
        check: async (address, options) => {
          const clock = () => performance.timeOrigin + performance.now()
          const result = await check(address, { ...options, clock, allow_networks: config.probe_networks })
          const { verdict, reason, detail, measures } = result
          return { verdict, reason, detail, variants: measures.variants ?? 1 }
        },
        doctor: () => examine({ config, file: configFileOf(flags), version, now: Date.now }),
        now: Date.now,
      })
      const go = findings.every(({ state }) => state !== 'bad')
      for (const finding of findings) {
        if (flags.json) console.log(JSON.stringify(finding))
        else console.log(`${finding.state.padEnd(4)}  ${finding.check.padEnd(9)}  ${finding.text}`)
      }
      if (!flags.json) console.log(go ? `GO: ${show} is ready.` : `NO-GO: ${show} is not ready.`)
      process.exitCode = go ? 0 : 1
    })
}
