import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { consoleBase } from '../../console/query/consoleErrors.ts'
import type { SwitchResult } from '../../probe/timeSwitch.ts'
import { expectedError } from '../expectedError.ts'
import { consoleAddress, positive, tokenOption } from './options.ts'
import { askWith } from './shows.ts'

const list = (value: string, before: string[] = []): string[] => [...before, value]
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

/** What a drill says in a line. */
function lineOf({ outcome, first_frame_ms = 0, gap_ms = 0 }: SwitchResult, within_s: number): string {
  if (outcome === 'seamless') return 'The picture was never gone.'
  if (outcome === 'lost') return `The picture did not come back within ${2 * within_s} s.`
  return `First good frame ${seconds(first_frame_ms)} after the command, within ${within_s} s; no picture for ${seconds(gap_ms)}.`
}

/** Runs a command in a shell. Rejects when it could not be run or failed. */
const run = (command: string): Promise<void> =>
  new Promise((resolve, reject) => {
    spawn(command, { shell: true, stdio: ['ignore', 'ignore', 'inherit'] })
      .once('error', reject)
      .once('exit', (code) =>
        code === 0 ? resolve() : reject(expectedError(`--run: the command ended with ${code}`)),
      )
  })

/** `firstframe drill switch`: from the command that switches until the first good frame on the primary's playback. */
export function registerDrillSwitch(drill: Command): void {
  drill
    .command('switch')
    .argument('<url>', 'the playback that viewers use: http(s)://….m3u8, .mpd or .flv, or rtmp(s)://…')
    .description(
      'switch to the standby and measure from the command to the first good frame; exit code 0 in time, 1 not, 2 nothing was switched',
    )
    .requiredOption('--run <command>', 'what switches, in a shell')
    .option('--within <seconds>', 'how soon the first good frame must come', positive, 15)
    .option('--allow-network <cidr>', 'a private network that the stream may lead to', list)
    .option('--json', 'the result as JSON')
    .option('--show <show>', 'tick a check of this show’s plan with the result')
    .option('--step <step>', 'which check')
    .option('--url <address>', 'the console’s address (default: the configuration’s port)', consoleAddress())
    .addOption(tokenOption())
    .action(async (url: string, flags) => {
      if ((flags.show === undefined) !== (flags.step === undefined))
        throw expectedError('--show and --step name a check of a plan together: give both.')
      const { timeSwitch } = await import('../../probe/timeSwitch.ts')
      const abort = new AbortController()
      process.once('SIGINT', () => abort.abort())
      const result = await timeSwitch({
        url,
        command: () => run(flags.run),
        within_s: flags.within,
        clock: () => performance.timeOrigin + performance.now(),
        allow_networks: flags.allowNetwork,
        signal: abort.signal,
      })
      if (result === undefined) {
        console.error(`firstframe: ${url} did not play before the switch, so nothing was switched.`)
        process.exitCode = 2
        return
      }
      console.log(flags.json ? JSON.stringify(result) : lineOf(result, flags.within))
      process.exitCode = result.within ? 0 : 1
      if (flags.show === undefined) return
      const path = `/api/plan/${encodeURIComponent(flags.show)}/${encodeURIComponent(flags.step)}`
      const body = { state: result.within ? 'done' : 'failed', by: 'firstframe drill switch' }
      await askWith(() => flags.token)(`${consoleBase(flags.url)}${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    })
}
