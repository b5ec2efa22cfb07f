import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../stream/freePort.ts'
import { waitFor } from '../../stream/waitFor.ts'
import type { PromSeries } from './build.ts'

export interface Prometheus {
  readonly url: string
  stop(): Promise<void>
}

/** A real Prometheus that asks `targets` (host:port) for `/metrics` every second. Throws with how to get it when it is missing. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-prometheus-'))
  const port = await freePort()
  const config = join(folder, 'prometheus.yml')
  await writeFile(
    config,
    `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: firstframe, static_configs: [{ targets: ${JSON.stringify(targets)} }] }]
`,
  )
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stated = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stated = (stated + chunk).slice(-4000)
  })
  const url = `http://127.0.0.1:${port}`
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'prometheus is missing: apt-get install prometheus' : error.message),
    )
    child.once('exit', (code) => resolve(`prometheus ended with ${code}: ${stated}`))
  })
  await Promise.race([
    waitFor(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true, {
      what: 'Prometheus to answer',
    }),
    ended.then((why) => Promise.reject(new Error(why))),
  ])
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** PromQL over a time. Throws with Prometheus' own words. */
export async function askPrometheus(
  url: string,
  expression: string,
  { from_ms, to_ms, step_s }: { readonly from_ms: number; readonly to_ms: number; readonly step_s: number },
): Promise<PromSeries[]> {
  const args = new URLSearchParams({
    query: expression,
    start: String(from_ms / 1000),
    end: String(to_ms / 1000),
    step: String(step_s),
  })
  const answer = (await (await fetch(`${url}/api/v1/query_range?${args}`)).json()) as {
    status: string
    error?: string
    data: { result: PromSeries[] }
  }
  if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
  return answer.data.result
}
