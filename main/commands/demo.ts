import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { expectedError } from '../expectedError.ts'
import { configOf, whole, withConfig } from './options.ts'

const count = (text: string): number => {
  const value = whole(text)
  if (value < 0) throw new InvalidArgumentError('It must be 0 or more.')
  return value
}

/** `firstframe demo`: everything on this machine with a stream, players, an audience, and a CDN that breaks. */
export function registerDemo(program: Command, version: string): void {
  withConfig(program.command('demo'))
    .description(
      'show it working: a real stream, real players, a synthetic audience, and after a minute a CDN that breaks',
    )
    .option(
      '--show <name>',
      'festival: a scripted show of ten minutes with rounds, a prize pool and a fault every minute',
    )
    .option('--sessions <n>', 'synthetic viewers', count, 300)
    .option('--players <n>', 'real hls.js players in headless Chromium', count, 3)
    .option('--break-after <s>', 'seconds until the CDN breaks', count, 60)
    .option('--break-for <s>', 'seconds it stays broken', count, 120)
    .action(async (flags) => {
      if (flags.show !== undefined && flags.show !== 'festival')
        throw expectedError(`there is no show ${flags.show}: --show festival, or none`)
      const folder = flags.data ?? mkdtempSync(join(tmpdir(), 'firstframe-demo-data-'))
      const config = configOf({ ...flags, data: folder, logLevel: flags.logLevel ?? 'warn' })
      const [{ createTelemetry }, { createContext }, { startDemo }] = await Promise.all([
        import('../../telemetry/telemetry.ts'),
        import('../context.ts'),
        import('../demo.ts'),
      ])
      const stopped = new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
      })
      const began = performance.now()
      const demo = await startDemo({
        config,
        contextOf: (whole_) =>
          createContext(whole_, createTelemetry({ level: whole_.log_level as 'warn', version })),
        path: process.env.PATH ?? '',
        festival: flags.show === 'festival',
        sessions: flags.sessions,
        players: flags.players,
        break_after_s: flags.breakAfter,
        break_for_s: flags.breakFor,
        say: (line) =>
          console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`),
      })
      await stopped
      console.log('Stopping …')
      await demo.stop()
      if (flags.data === undefined) rmSync(folder, { recursive: true, force: true })
      process.exit(0)
    })
}
