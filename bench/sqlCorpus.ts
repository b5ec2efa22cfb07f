import type { BenchOptions } from './run.ts'
import { runCorpus } from './sqlCorpus/runCorpus.ts'

/** Every function, table function, format and setting of the engine, tried in every statement: what reaches a file or the network. */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const every = Number(args.find((each) => each.startsWith('--every='))?.slice('--every='.length) ?? 1)
  for (const user of ['reader', 'writer'] as const) {
    const began = performance.now()
    const { leaked, made, ...result } = await runCorpus({
      every: user === 'reader' ? every : every * 5,
      trace: true,
      user,
    })
    const row = {
      bench: 'sql-corpus',
      user,
      ...result,
      leaked: leaked.length,
      made: made.length,
      seconds: Math.round((performance.now() - began) / 1000),
    }
    if (json) console.log(JSON.stringify(row))
    else console.table([{ ...row, by: JSON.stringify(row.by), traced: JSON.stringify(row.traced) }])
    for (const line of [...leaked, ...made, ...(result.traced?.lines ?? [])].slice(0, 20)) console.error(line)
    if (
      leaked.length +
        made.length +
        result.connections +
        (result.traced?.connects ?? 0) +
        (result.traced?.opens ?? 0) >
      0
    )
      process.exitCode = 1
  }
}
