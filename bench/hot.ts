/**
 * `npm run bench -- hot [--sessions N]`: two million sessions on one stream, over 12 partitions of real Kafka and three
 * watchers; the fullest partition by the mean, and whether merged partials equal SQL. One process does the work of the
 * collector, the watchers and the writer, so its time says little of theirs.
 */
import { parseArgs } from 'node:util'
import { runHotStream } from '../test/scale/hotStream.ts'
import type { BenchOptions } from './run.ts'

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { sessions: { type: 'string', default: '2000000' } },
  })
  const report = await runHotStream({
    sessions: Number(values.sessions),
    partitions: 12,
    watchers: 3,
    tell: (line) => console.error(line),
  })
  const { sessions, fullest, shares, judges, compared, differing, seconds } = report
  if (json) console.log(JSON.stringify({ bench: 'hot', ...report }))
  else {
    console.log(
      `${sessions} sessions in ${seconds} s; the fullest of 12 partitions has ${fullest.toFixed(3)} times the mean`,
    )
    console.log(
      `watchers took ${shares.join(', ')} partitions, ${judges} judged; ${compared} figures compared with SQL, ${differing.length} differ`,
    )
    for (const each of differing) console.log(`  ${each}`)
  }
  if (differing.length > 0 || fullest > 1.3 || judges !== 1) process.exitCode = 1
}
