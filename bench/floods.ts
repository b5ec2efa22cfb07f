import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childOf, cpuOf } from '../test/chaos/part.ts'
import type { FlooderOptions } from './floods/flooder.ts'
import { EVIL, FLOODS } from './floods/floods.ts'
import { sendHonest } from './floods/wire.ts'
import { profiled, startProfile } from './pulse/profile.ts'
import type { BenchOptions } from './run.ts'

const FLOODER = fileURLToPath(new URL('./floods/flooder.ts', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../main/firstframe.mjs', import.meta.url))
const HONEST = 'honest-public-key'
const HONEST_PER_S = 500
const QUIET_MS = 4_000
const DEAREST = 12

interface Product {
  readonly child: ChildProcess
  readonly port: number
  readonly consolePort: number
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function start(
  folder: string,
  port: number,
  consolePort: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const child = spawn(
    process.execPath,
    [
      ...[
        '--max-semi-space-size=32',
        PROGRAM,
        'all',
        '--config',
        join(folder, 'firstframe.yaml'),
        '--host',
        '127.0.0.1',
      ],
      ...['--port', String(port), '--console-port', String(consolePort), '--data', join(folder, 'data')],
      ...['--log-level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...environment } },
  )
  const until = performance.now() + 90_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`firstframe ended with ${child.exitCode}`)
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (ready?.ok) return { child, port, consolePort }
    if (performance.now() > until) throw new Error('firstframe does not get ready')
    await pause(100)
  }
}

const exit = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))

/** Resident memory of the main process, MB. */
const rss_mb = ({ child }: Product): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** How far judgement is behind, s. */
async function lag_s({ consolePort }: Product): Promise<number> {
  const metrics = await fetch(`http://127.0.0.1:${consolePort}/metrics`).then((answer) => answer.text())
  return Number(/^firstframe_watermark_lag_seconds (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN)
}

/** Starts a flood's process, and resolves when its requests are ready to be sent. */
async function prepareFlood(
  options: FlooderOptions,
): Promise<{ child: ChildProcess; send: () => Promise<number> }> {
  const child = fork(FLOODER, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  return {
    child,
    async send() {
      const sent = once(child, 'message')
      child.send('go')
      return ((await sent)[0] as { sent_bytes: number }).sent_bytes
    },
  }
}

/** The functions that took most of the main process themselves, as shares. */
function dearest(sums: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  const total_us = [...sums.values()].reduce((sum, each_us) => sum + each_us, 0)
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, DEAREST)
    .map(([name, each_us]) => [name, each_us / total_us] as const)
}

/**
 * Floods with a public key, each on a fresh start, beside 500 honest events a second of another tenant: memory, what the
 * honest ones were answered, how far judgement fell behind, who used the processors, and memory after a kill and a restart on
 * what was left. Attacker and honest players have public addresses, as a trusted proxy states them.
 * Arguments: names of floods (all), `--mb=50` on the wire each, `--seconds=20` at most each, `--profile`: the main process's
 * functions that took most (dearer by a tenth).
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const number = (name: string, standard: number): number =>
    Number(args.find((each) => each.startsWith(`--${name}=`))?.split('=')[1] ?? standard)
  const bytes = number('mb', 50) * 1e6
  const for_ms = number('seconds', 20) * 1000
  const names = Object.keys(FLOODS).filter(
    (name) => !args.some((arg) => !arg.startsWith('--')) || args.includes(name),
  )
  for (const name of names) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-floods-'))
    await writeFile(
      join(folder, 'firstframe.yaml'),
      `trusted_proxies: [127.0.0.1]\ntenants:\n  - { name: honest, key: ${HONEST} }\n  - { name: evil, key: ${EVIL} }\n`,
    )
    const [port, consolePort] = [await freePort(), await freePort()]
    const environment = args.includes('--profile') ? profiled() : undefined
    let product = await start(folder, port, consolePort, environment)
    const flood = await prepareFlood({ name, port, bytes, connections: 16, for_ms })
    try {
      const honest = sendHonest({ port, key: HONEST, per_s: HONEST_PER_S })
      await pause(QUIET_MS)
      honest.take()
      await pause(QUIET_MS)
      const quiet = honest.take()
      const before_mb = rss_mb(product)
      let peak_mb = before_mb
      let lag = 0
      const watching = setInterval(() => {
        if (product.child.exitCode === null) peak_mb = Math.max(peak_mb, rss_mb(product))
        void lag_s(product).then(
          (value) => {
            lag = Math.max(lag, value)
          },
          () => undefined,
        )
      }, 250)
      const { child } = product
      const store = childOf(child.pid!)!
      const used = () => ({
        main: cpuOf(child.pid!),
        store: cpuOf(store),
        flood: cpuOf(flood.child.pid!),
        honest: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
      })
      const profile = environment && startProfile(environment.PROFILE_FOLDER, { main: [child.pid!] })
      const [before, began] = [used(), performance.now()]
      const sent = await flood.send()
      const flooded_s = (performance.now() - began) / 1000
      const after = used()
      const functions = (await profile?.())?.main
      const cores = Object.fromEntries(
        Object.entries(after).map(([name, cpu_s]) => [
          name,
          (cpu_s - before[name as keyof typeof before]) / flooded_s,
        ]),
      )
      await honest.pause()
      const attacked = honest.take()
      await pause(2_000)
      clearInterval(watching)
      await honest.stop()
      const alive = product.child.exitCode === null && product.child.signalCode === null
      product.child.kill('SIGKILL')
      await exit(product.child)
      product = await start(folder, port, consolePort)
      await pause(3_000)
      const again_mb = rss_mb(product)
      const result = {
        bench: 'floods',
        case: name,
        sent_mb: sent / 1e6,
        flooded_s,
        alive,
        rss_mb: before_mb,
        rss_growth_mb: peak_mb - before_mb,
        rss_restarted_mb: again_mb,
        honest_answered: attacked.answered / attacked.sent,
        honest_refused: attacked.others,
        p99_quiet_ms: quiet.p99_ms,
        p99_attacked_ms: attacked.p99_ms,
        lag_s: lag,
        cores,
        functions: functions && dearest(functions),
      }
      if (json) console.log(JSON.stringify(result))
      else {
        console.log(
          `${name.padEnd(13)} ${result.sent_mb.toFixed(0).padStart(3)} MB in ${flooded_s.toFixed(1)} s${alive ? '' : ' DIED'}  RSS ${before_mb.toFixed(0)} +${result.rss_growth_mb.toFixed(0)} MB, restarted ${again_mb.toFixed(0)}  honest ${(100 * result.honest_answered).toFixed(2)} % ${JSON.stringify(attacked.others)}  p99 ${quiet.p99_ms.toFixed(0)} → ${attacked.p99_ms.toFixed(0)} ms  judged ${lag.toFixed(1)} s late`,
        )
        console.log(
          `  cores: ${Object.entries(cores)
            .map(([who, share]) => `${who} ${share.toFixed(2)}`)
            .join(', ')}`,
        )
        for (const [what, share] of result.functions ?? [])
          console.log(`  ${(100 * share).toFixed(1)} % ${what}`)
      }
    } finally {
      flood.child.kill()
      product.child.kill('SIGTERM')
      await exit(product.child)
      await rm(folder, { recursive: true, force: true })
    }
  }
}
