import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { checkCollector } from '../checkCollector.ts'
import { expectedError } from '../expectedError.ts'
import { demoServerKey } from '../serverKeys.ts'
import { configOf, positive, withConfig } from './options.ts'

const list = (value: string, before: string[] = []): string[] => [...before, value]

/** Adds `firstframe check` (one check) and `firstframe probe` (checks without end). */
export function registerProbe(program: Command, version: string): void {
  program
    .command('check')
    .argument('<url>', 'http(s)://….m3u8, .mpd or .flv, or rtmp(s)://…')
    .description(
      'check one live stream by hand, as a viewer would meet it; exit code 0 healthy, 1 not, 2 could not check',
    )
    .option('--json', 'the whole result as one JSON object')
    .option('--duration <seconds>', 'how long to watch', positive)
    .option('--declared <kbps>', 'the bitrate the stream should have', positive)
    .option('--browser', 'also play it in headless Chromium and look at the picture')
    .option('--chromium <path>', 'where Chromium is')
    .option('--header <line>', 'request header, `Name: value`; may be given several times', list)
    .addOption(
      new Option('--variant <which>', 'which rendition is watched').choices(['first', 'highest', 'lowest']),
    )
    .option(
      '--allow-network <cidr>',
      'a private network that the stream may lead to; may be given several times',
      list,
    )
    .action(async (url: string, flags) => {
      const { runCheck } = await import('../../probe/command.ts')
      const abort = new AbortController()
      process.once('SIGINT', () => abort.abort())
      process.exitCode = await runCheck(
        { url, ...flags, allow_networks: flags.allowNetwork },
        {
          write: (text) => process.stdout.write(text),
          writeError: (text) => process.stderr.write(text),
          // Phases of a check are parts of a millisecond.
          clock: () => performance.timeOrigin + performance.now(),
          colour: process.stdout.isTTY === true,
          signal: abort.signal,
        },
      )
      // Sockets of a stream that was given up would keep the process.
      setTimeout(() => process.exit(), 1000).unref()
    })

  withConfig(program.command('probe'))
    .description('check the configuration’s `probes` again and again, and report to a collector')
    .option('--collector <url>', 'the collector’s address', 'http://127.0.0.1:8080')
    .option('--key <key>', 'a server key of the tenant (default: that of `demo` in the data folder)')
    .option('--region <name>', 'where this probe looks from (default: probe_region of the configuration)')
    .option('--parallel <n>', 'most checks at once', positive, 8)
    .action(async (flags) => {
      const config = configOf(flags)
      const { readTargets } = await import('../../probe/target.ts')
      const { targets } = readTargets(config.probes)
      if (targets.length === 0)
        throw expectedError(
          '`probes` is empty: name at least one target in firstframe.yaml. See probe/README.md.',
        )
      const { createTelemetry } = await import('../../telemetry/telemetry.ts')
      const { check } = await import('../../probe/check.ts')
      const { beaconSender } = await import('../../probe/beaconSender.ts')
      const { startScheduler } = await import('../../probe/scheduler.ts')
      const { browserPicture } = await import('../../probe/browser/browserPicture.ts')
      const { emit } = createTelemetry({ level: config.log_level as 'info', version })
      const key: string | undefined = flags.key ?? (config.server_key || demoServerKey(resolve(config.data)))
      if (key === undefined)
        throw expectedError(
          'a probe needs a server key: --key, made by `firstframe keys make --tenant NAME --source probe`.',
        )
      const away = await checkCollector({ collector: flags.collector, key, source: 'probe' })
      if (away !== undefined) console.error(`firstframe: ${away}`)
      const region = flags.region ?? (config.probe_region || hostname())
      const clock = () => performance.timeOrigin + performance.now()
      const sender = beaconSender({
        collector: flags.collector,
        key,
        region,
        session: randomUUID(),
        clock,
        emit,
      })
      const picture = targets.some(({ browser }) => browser) ? browserPicture({ clock }) : undefined
      const scheduler = startScheduler({
        targets,
        check: (url, options) => check(url, { ...options, allow_networks: config.probe_networks }),
        sender,
        clock,
        random: Math.random,
        emit,
        parallel: flags.parallel,
        picture,
      })
      emit({ type: 'started', role: 'probe' })
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.once(signal, () => {
          void scheduler.stop().then(() => {
            emit({ type: 'stopped', role: 'probe' })
            process.exit(0)
          })
        })
      }
    })
}
