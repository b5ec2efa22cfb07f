import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { readReceivers } from '../receivers.ts'
import { configOf, withConfig } from './options.ts'

/** `firstframe receivers list | test [NAME]`. */
export function registerReceivers(program: Command): void {
  const receivers = program
    .command('receivers')
    .description('who is notified of incidents, and whether it works')

  withConfig(receivers.command('list', { isDefault: true }))
    .description('the receivers of the configuration')
    .action((flags) => {
      const entries = readReceivers(configOf(flags).receivers)
      if (entries.length === 0)
        console.log('No receiver is configured: nobody is notified of incidents. See docs/receivers.md.')
      for (const { name, type, severities = ['critical', 'warning'] } of entries)
        console.log(`${name}: ${type}, ${severities.join(' and ')}`)
    })

  withConfig(receivers.command('test'))
    .argument('[name]', 'only this receiver')
    .description(
      'send a page marked as a test to each receiver, end it, and print what came back; exit code 2 when one failed',
    )
    .action(async (name: string | undefined, flags) => {
      const config = configOf(flags)
      const all = readReceivers(config.receivers)
      const chosen = name === undefined ? all : all.filter((receiver) => receiver.name === name)
      if (all.length === 0)
        throw expectedError('No receiver is configured, so nothing was tested. See docs/receivers.md.')
      if (chosen.length === 0)
        throw expectedError(
          `There is no receiver ${name}. There are: ${all.map((receiver) => receiver.name).join(', ')}.`,
        )
      const { sendTestPage } = await import('../../processor/watch/notify/testPage.ts')
      const dashboard = config.public_url || `http://localhost:${config.console_port}`
      const results = await Promise.all(
        chosen.map((receiver) => sendTestPage(receiver, { dashboard, now_ms: Date.now() })),
      )
      for (const [index, { ok, text }] of results.entries())
        console.log(`${ok ? 'ok    ' : 'FAILED'} ${chosen[index]!.name}: ${text}`)
      if (config.public_url === '')
        console.log(`Links in pages begin with ${dashboard}; set public_url to what your people can open.`)
      if (results.some(({ ok }) => !ok)) process.exitCode = 2
    })
}
