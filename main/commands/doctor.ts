import { resolve } from 'node:path'
import type { Command } from 'commander'
import { makeFolder } from '../dataFolder.ts'
import { configFileOf, configOf, withConfig } from './options.ts'

/** Adds `firstframe doctor`. */
export function registerDoctor(program: Command, version: string): void {
  withConfig(program.command('doctor'))
    .description(
      'check config, clock, disk, permissions, secret, log, Kafka and store; exit code 1 when something is bad',
    )
    .option('--json', 'one object a finding: check, state (ok, warn, bad), text')
    .option('--confirm-clock', 'say that this machine’s clock is right, after a start that doubted it')
    .action(async (flags) => {
      const config = configOf(flags)
      const { examine } = await import('../doctor.ts')
      if (flags.confirmClock) {
        const { writeKnownTime } = await import('../clock.ts')
        const folder = resolve(config.data)
        makeFolder(folder)
        writeKnownTime(folder, Date.now())
      }
      const findings = await examine({ config, file: configFileOf(flags), version, now: Date.now })
      for (const finding of findings) {
        if (flags.json) console.log(JSON.stringify(finding))
        else console.log(`${finding.state.padEnd(4)}  ${finding.check.padEnd(8)}  ${finding.text}`)
      }
      if (findings.some(({ state }) => state === 'bad')) process.exitCode = 1
    })
}
