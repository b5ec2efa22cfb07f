import { fuzzRoute, startFuzzed } from './fuzz/fuzzRoute.ts'
import { requestsOf } from './fuzz/requests.ts'
import type { BenchOptions } from './run.ts'

/**
 * Generated requests to each route of the public port. Arguments: `--requests=1000000` a route, `--seed=1`, and names of
 * routes. Ends with code 1 at the first answer that must not be, which it prints with the request.
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const number = (name: string, standard: number): number =>
    Number(args.find((each) => each.startsWith(`--${name}=`))?.split('=')[1] ?? standard)
  const requests = number('requests', 1_000_000)
  const seed = number('seed', 1)
  const routes = Object.keys(requestsOf(0))
  const wanted = args.filter((each) => routes.includes(each))
  for (const route of wanted.length === 0 ? routes : wanted) {
    const it = await startFuzzed()
    const began = performance.now()
    const result = await fuzzRoute(it, route, { requests, seed })
    const seconds = (performance.now() - began) / 1000
    await it.close()
    if (json) console.log(JSON.stringify({ bench: 'fuzz', case: route, seconds, seed, ...result }))
    else {
      const codes = Object.entries(result.refused).map(([code, count]) => `${code} ${count}`)
      console.log(
        `${route.padEnd(14)} ${result.requests} requests in ${seconds.toFixed(0)} s; refused: ${codes.join(', ')}`,
      )
    }
    if (result.failure !== undefined) {
      console.error(`${route}: ${result.failure}`)
      process.exitCode = 1
    }
  }
}
