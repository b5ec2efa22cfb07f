/**
 * `npm run bench -- link [--rounds=3] [--viewers=48]`: a fault of each hop of a real link (ffmpeg, nginx-rtmp, ffmpeg, nginx, two
 * caching nginx, viewers who fetch) in turn: seconds until it is found, and until its hop and cause are right.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { LEARN_MS, startLink, tryFault } from '../test/link/link.ts'
import type { BenchOptions } from './run.ts'

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '3' }, viewers: { type: 'string', default: '48' } },
  })
  let right = 0
  let tried = 0
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const steps: (() => unknown)[] = []
    const own = <T extends { readonly stop: () => unknown } | (() => unknown)>(part: T): T => {
      steps.push(typeof part === 'function' ? part : () => part.stop())
      return part
    }
    try {
      const link = await startLink(own, { viewers: Number(values.viewers) })
      await link.calm(30_000)
      await pause(LEARN_MS)
      for (const fault of link.faults) {
        await link.calm(90_000)
        const result = await tryFault(link, fault, 20_000)
        tried += 1
        if (result.right_s !== undefined) right += 1
        const time = (seconds: number | undefined) =>
          seconds === undefined ? 'not' : `${seconds.toFixed(1)} s`
        console.log(
          json
            ? JSON.stringify({
                bench: 'link',
                case: result.fault,
                round,
                value: result.right_s,
                unit: 's',
                ...result,
              })
            : `${result.fault.padEnd(20)} found ${time(result.found_s).padStart(6)}, right ${time(result.right_s).padStart(6)}: ${result.summary} [${result.named.join(', ')}]`,
        )
      }
    } finally {
      for (const step of steps.reverse()) await step()
    }
  }
  if (json)
    console.log(JSON.stringify({ bench: 'link', case: 'right', value: right / tried, unit: 'of 1', tried }))
  else console.log(`${right} of ${tried} right`)
}
