import type { Command } from 'commander'
import { registerIngestCommands } from '../../ingest/commands.ts'
import type { Fact } from '../../schemas/facts.ts'
import { createTelemetry, type Telemetry } from '../../telemetry/telemetry.ts'
import { checkCollector } from '../checkCollector.ts'

/** `agent`, `cue insert`, `cue send` and `stream-key`; what they print may be a stream, so log lines go to standard error. */
export function registerIngest(program: Command, version: string): void {
  let telemetry: Telemetry | undefined
  registerIngestCommands(program, {
    input: process.stdin,
    output: process.stdout,
    emit: (fact: Fact) => {
      telemetry ??= createTelemetry({ level: 'info', version, toStandardError: true })
      telemetry.emit(fact)
    },
    clock: Date.now,
    checkCollector,
    warn: (text) => console.error(`firstframe: ${text}`),
    // Asked for by the command that waits for it, so that no other command's signals are taken away.
    get stopped() {
      return new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
      })
    },
  })
}
