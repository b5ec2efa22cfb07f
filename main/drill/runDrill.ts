import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expectedError } from '../expectedError.ts'
import { type Drill, loadsOf } from './drillFile.ts'
import { cardOf, type DrillCard, type Step, type StepOfTarget } from './scorecard.ts'

// The built tree has the script as JavaScript.
const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const SCRIPT = fileURLToPath(new URL(`../../k6/drill.${ENDING}`, import.meta.url))
const run = promisify(execFile)

export interface DrillOptions {
  readonly drill: Drill
  /** The program k6. */
  readonly k6: string
  /** Names the traffic: in its user agent, in `X-Firstframe-Synthetic` and as round. */
  readonly name: string
  /** Reports what it did here too, marked synthetic, with a server key. */
  readonly report?: { readonly collector: string; readonly key: string }
  /** Goes on to the last step although something has bent. */
  readonly toTheEnd?: boolean
  readonly each?: (step: Step) => void
  readonly signal?: AbortSignal
}

/**
 * Asks more of the room step by step, until something bends or the last step is over.
 * @throws an error in a line where k6 is not there or cannot run
 */
export async function runDrill(options: DrillOptions): Promise<DrillCard> {
  const { drill, toTheEnd = false, each } = options
  const steps: Step[] = []
  for (const load_per_s of loadsOf(drill)) {
    const step = { load_per_s, targets: await runStep(options, load_per_s) }
    steps.push(step)
    each?.(step)
    if (!toTheEnd && cardOf(drill, steps).first !== undefined) break
  }
  return cardOf(drill, steps)
}

async function runStep(
  { drill, k6, name, report, signal }: DrillOptions,
  load_per_s: number,
): Promise<readonly StepOfTarget[]> {
  const whole = drill.targets.reduce((sum, { share = 1 }) => sum + share, 0)
  const targets = drill.targets.map(({ name, url, share = 1, body, method, headers, stream = false }) => ({
    ...{ name, url, body, headers, stream },
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    rate: (load_per_s * share) / whole,
  }))
  const settings: Record<string, string> = {
    TARGETS: JSON.stringify(targets),
    SECONDS: String(drill.steps.for_s ?? 10),
    RUN: name,
    SHOW: drill.show ?? 'drill',
    STREAM: 'drill',
    ...(report && { COLLECTOR: report.collector, KEY: report.key }),
  }
  // Settings may hold secrets in their headers, so they are no arguments, which every user of the machine could read.
  const { stdout } = await run(
    k6,
    ['run', '--quiet', '--no-usage-report', '--include-system-env-vars', SCRIPT],
    {
      env: { ...process.env, ...settings },
      maxBuffer: 1 << 24,
      signal,
    },
  ).catch((error: Error & { stdout?: string; stderr?: string; code?: string | number }) => {
    if (error.code === 'ENOENT') throw expectedError(`${k6} is not there: sh k6/ensure.sh --install`)
    // 99: a threshold was missed, which here is only how k6 is made to count.
    if (error.code === 99) return { stdout: error.stdout ?? '' }
    throw expectedError(`k6: ${(error.stderr || error.message).trim().split('\n').slice(-3).join(' ')}`)
  })
  const line = stdout.split('\n').findLast((text) => text.startsWith('['))
  if (line === undefined) throw expectedError(`k6 told no numbers: ${stdout.slice(-300)}`)
  return JSON.parse(line) as StepOfTarget[]
}
