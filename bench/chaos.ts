/**
 * `npm run chaos [-- --json]`: every role as a process of its own on three real Kafka brokers, under load without a pause;
 * then broker, collector, writer, watcher and store are killed three times round, and Kafka, the store, its speed and the
 * spill's room are taken away for two minutes each. One object a fault; then one of all. Exit code 1 when anything answered
 * was lost, or anything counted twice, or an incident was missed or doubled. Twenty minutes; with options less:
 *   --rate N events/s (5000)  --rounds N (3)  --every S between kills (40)  --outage S (120)  --faults a,b,…
 */
import { parseArgs } from 'node:util'
import { type ChaosReport, runChaos } from '../test/chaos/chaos.ts'
import { FAULT_NAMES, type Fault, KILLS, OUTAGES } from '../test/chaos/faults.ts'
import type { BenchOptions } from './run.ts'

const AWAY_MS = 5_000

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '3' },
      every: { type: 'string', default: '40' },
      outage: { type: 'string', default: '120' },
      faults: { type: 'string' },
    },
  })
  const wanted = values.faults?.split(',') ?? [
    ...Array.from({ length: Number(values.rounds) }, () => KILLS).flat(),
    ...OUTAGES,
  ]
  for (const fault of wanted)
    if (!FAULT_NAMES.includes(fault as Fault)) throw new Error(`no fault ${fault}: ${FAULT_NAMES.join(', ')}`)
  const report = await runChaos({
    faults: wanted as Fault[],
    events_per_s: Number(values.rate),
    every_ms: Number(values.every) * 1000,
    away_ms: AWAY_MS,
    outage_ms: Number(values.outage) * 1000,
    tell: (line) => console.error(line),
  })
  tell(report, json)
  const { lost, doubled, doubled_rollups, incidents } = report
  if (lost + doubled + doubled_rollups + incidents.missed + incidents.doubled + incidents.false > 0)
    process.exitCode = 1
}

function tell(report: ChaosReport, json: boolean): void {
  const { faults, ...whole } = report
  if (json) {
    for (const each of faults) console.log(JSON.stringify(each))
    const slowest = Math.max(...faults.map(({ recovery_s }) => recovery_s ?? Number.POSITIVE_INFINITY))
    console.log(
      JSON.stringify({ fault: 'all', ...whole, recovery_s: Number.isFinite(slowest) ? slowest : null }),
    )
    return
  }
  for (const { fault, answered, lost, doubled, recovery_s, gap_ms, refused } of faults)
    console.log(
      `${fault.padEnd(12)} answered ${String(answered).padStart(8)}  lost ${lost}  doubled ${doubled}  recovered in ${recovery_s ?? 'never'} s  ` +
        `longest without an answer ${Math.round(gap_ms / 100) / 10} s  told to come again ${refused}`,
    )
  console.log(
    `\n${whole.answered} events answered (${whole.events_per_s}/s of ${whole.asked_per_s}/s asked), lost ${whole.lost}, doubled ${whole.doubled}, ` +
      `rollups differ by ${whole.doubled_rollups}`,
  )
  const { expected, found, missed, doubled, wrong, unseen } = whole.incidents
  console.log(
    `incidents: ${expected} encoders cut, ${found} found, ${missed} missed, ${doubled} doubled, ${wrong.length} wrong`,
  )
  for (const each of [...unseen, ...wrong]) console.log(`  ${each}`)
  console.log(
    `memory at most, MiB: ${Object.entries(whole.rss_mib)
      .map(([role, mib]) => `${role} ${mib}`)
      .join(', ')}`,
  )
}
