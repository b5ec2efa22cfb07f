import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'

/** A process that ends with 0 when its tests are green. */
export interface Job {
  readonly name: string
  /** Default: Node, with what reads TypeScript. */
  readonly command?: string
  readonly args: readonly string[]
}

export interface JobsOptions {
  readonly title: string
  readonly jobs: readonly Job[]
  readonly atOnce: number
  /** Jobs that run beside the others, one at a time, and take only what those leave of the processors. */
  readonly beside?: readonly Job[]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A file that takes longer hangs. */
const LONGEST_MS = 900_000
const NODE = ['--import', 'tsx', '--test-reporter=spec'] as const

/** Runs jobs in the order given, and prints what each wrote when it ends. @returns whether all are green */
export async function runJobs(options: JobsOptions): Promise<boolean> {
  const { title, jobs, atOnce, beside = [] } = options
  if (jobs.length + beside.length === 0) return true
  console.log(`\n── ${title}`)
  const began = performance.now()
  const failed: string[] = []
  const drain = async (queue: Job[], isNice: boolean): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift())
      if (!(await runJob(job, isNice, options))) failed.push(job.name)
  }
  const waiting = [...jobs]
  const lanes = Array.from({ length: atOnce }, () => drain(waiting, false))
  await Promise.all([...lanes, drain([...beside], true)])
  for (const name of failed) console.log(`── FAILED: ${name}`)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`── ${title}: ${failed.length === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
  return failed.length === 0
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** Linux shares processors among sessions before it looks at what is nice within them: a session of its own, which is nice as a whole. */
function givesWay(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, '19')
  } catch {
    // Elsewhere `nice` does it.
  }
}

async function runJob(job: Job, isNice: boolean, { cwd, environment }: JobsOptions): Promise<boolean> {
  const began = performance.now()
  const own =
    job.command === undefined ? [process.execPath, ...NODE, ...job.args] : [job.command, ...job.args]
  const [command, ...args] = isNice ? ['nice', '-n', '19', ...own] : own
  const child = spawn(command!, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: isNice,
  })
  running.add(child)
  if (isNice) givesWay(child.pid)
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void output.push(chunk))
  const hangs = setTimeout(() => {
    output.push(Buffer.from(`took longer than ${LONGEST_MS / 1000} s\n`))
    child.kill('SIGTERM')
  }, LONGEST_MS)
  const isGreen = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`))
      resolve(false)
    })
    child.once('exit', (code) => {
      const end = () => resolve(code === 0)
      child.once('close', end)
      // A process that it left behind may keep the pipe.
      setTimeout(end, 5_000).unref()
    })
  })
  clearTimeout(hangs)
  running.delete(child)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`\n▶ ${job.name} (${isGreen ? '' : 'FAILED, '}${seconds} s)\n${Buffer.concat(output)}`)
  return isGreen
}
