import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { readText } from '../readText.ts'
import { readRules } from '../receivers.ts'

interface JudgeFlags {
  readonly time: string
  readonly value: string
  readonly count: string
  readonly stallMs: string
  readonly viewers: string
  readonly seed: string
  readonly rules: string
  readonly json?: boolean
}

/** A rule that is relative to the stream's own past needs some. */
const LEAST_MINUTES = 10

/** Adds `firstframe judge`. */
export function registerJudge(program: Command): void {
  program
    .command('judge')
    .argument('<file>', 'CSV with a header: the minute, viewers who stalled, viewers, and any dimensions')
    .description(
      'what would have been paged on a history of cells by minute, played through the real watcher',
    )
    .option('--time <column>', 'column of the minutes: epoch seconds or ISO 8601', 'min')
    .option('--value <column>', 'column of the viewers who stalled', 'value')
    .option('--count <column>', 'column of the viewers', 'cnt')
    .option('--stall-ms <ms>', 'mean length of a stall beyond its first half second', '1500')
    .option('--viewers <n>', 'larger audiences are thinned by chance to so many sessions', '3000')
    .option('--seed <n>', 'another seed expands the cells by other chances', '1')
    .option('--rules <file>', 'YAML of changed rules; without it the catalogue’s', '')
    .option('--json', 'one JSON object a change of an incident, a line each')
    .action(async (file: string, flags: JudgeFlags) => {
      const number = (name: 'stallMs' | 'viewers' | 'seed', option: string, least: number): number => {
        const value = Number(flags[name])
        if (flags[name].trim() === '' || !Number.isFinite(value) || value < least)
          throw expectedError(`${option} ${flags[name]}: give a number from ${least} up.`)
        return value
      }
      const stall_ms = number('stallMs', '--stall-ms', 0)
      const viewers = number('viewers', '--viewers', 1)
      const seed = number('seed', '--seed', 0)
      const rules = readRules(flags.rules)
      const { readHistory } = await import('../../rehearsal/history/readHistory.ts')
      const { judgeHistory } = await import('../judge.ts')
      const text = readText(file)
      const history = readHistory(text, { time: flags.time, value: flags.value, count: flags.count })
      if ('code' in history) throw expectedError(`${file}: ${history.message}`)
      for (const start_s of history.incomplete_s)
        console.error(
          `The minute ${new Date(start_s * 1000).toISOString()} at the end of the file is incomplete (under a fifth of its neighbour's viewers) and left out.`,
        )
      const changes = judgeHistory({ history, rules, stall_ms, viewers, seed })
      if (flags.json) {
        for (const change of changes) console.log(JSON.stringify(change))
        return
      }
      if (changes.length === 0)
        console.log(`No incident would have been opened in ${history.minutes.length} minutes.`)
      if (history.minutes.length < LEAST_MINUTES)
        console.error(
          `That is little to judge by: rules learn what is usual from about ${LEAST_MINUTES} minutes before.`,
        )
      for (const { at, change, notify, severity, hop, cause, confidence, summary } of changes) {
        const place = Object.entries(cause).map(([name, value]) => `${name} ${value}`)
        console.log(
          `${new Date(at * 1000).toISOString()}  ${(notify === 'page' ? 'PAGE' : change).padEnd(9)} ${severity.padEnd(9)} ${hop.padEnd(11)} ${summary}\n${' '.repeat(26)}cause: ${place.join(', ') || 'everywhere'} (sure ${Math.round(confidence * 100)} %)`,
        )
      }
    })
}
