/**
 * `npm run bench -- idle [--mode embedded|kafka] [--seconds 15] [--partitions 4]`: what each process costs while nothing comes,
 * ms of processor time a second. Without a mode, both.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Mode, spent, startSystem } from './pulse/system.ts'
import type { BenchOptions } from './run.ts'

/** Until start-up, its compiling and its joins are over. */
const WARM_MS = 20_000

export async function run({ json, args }: BenchOptions): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: 'string' },
      seconds: { type: 'string', default: '15' },
      partitions: { type: 'string', default: '4' },
    },
  })
  const modes: readonly Mode[] = values.mode === undefined ? ['embedded', 'kafka'] : [values.mode as Mode]
  const seconds = Number(values.seconds)
  for (const mode of modes) {
    const system = await startSystem({ mode, partitions: Number(values.partitions) })
    try {
      await pause(WARM_MS)
      const before = system.cpu_s()
      await pause(seconds * 1_000)
      for (const [role, cpu_s] of Object.entries(spent(before, system.cpu_s()))) {
        const value = (cpu_s * 1_000) / seconds / system.processes[role]!
        if (json) console.log(JSON.stringify({ bench: 'idle', case: mode, role, value, unit: 'cpu_ms/s' }))
        else console.log(`${mode.padEnd(8)} ${role.padEnd(9)} ${value.toFixed(1).padStart(6)} ms a second`)
      }
    } finally {
      await system.dispose()
    }
  }
}
