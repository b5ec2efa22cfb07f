import { readFileSync } from 'node:fs'
import { judgeHistory } from '../main/judge.ts'
import { CATALOGUE_RULES } from '../processor/watch/detect/activeRules.ts'
import { type History, readHistory } from '../rehearsal/history/readHistory.ts'
import { type JudgedCase, judgedOf, type Label, summaryOf } from './incidents/score.ts'
import type { BenchOptions } from './run.ts'

const FOLDER = new URL('../../shared/incidents/', import.meta.url)

const historyOf = (file: string): History => {
  const history = readHistory(readFileSync(new URL(file, FOLDER), 'utf8'), {
    time: 'min',
    value: 'value',
    count: 'cnt',
  })
  if ('code' in history) throw new Error(`${file}: ${history.message}`)
  return history
}

/**
 * `npm run bench -- incidents [--json] [--stall-ms 4000] [--seed 2] [--verbose]`: the labelled incidents of a live platform,
 * minute by minute through the whole watcher: incidents opened and critical in the labelled minute, cause exact of those opened, and
 * incidents opened in the quiet minutes before.
 */
export const run = async ({ json, args }: BenchOptions): Promise<void> => {
  const flag = (name: string, otherwise: number): number => {
    const at = args.indexOf(name)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const labels: Label[] = JSON.parse(readFileSync(new URL('labels.json', FOLDER), 'utf8'))
  const stall_ms = flag('--stall-ms', 1500)
  const cases: JudgedCase[] = []
  for (const label of labels) {
    const history = historyOf(label.file)
    const changes = judgeHistory({
      history,
      rules: CATALOGUE_RULES,
      stall_ms,
      viewers: flag('--viewers', 3000),
      seed: flag('--seed', 1),
      until_s: label.at + 60,
    })
    const judged = judgedOf(label, history, changes)
    cases.push(judged)
    if (args.includes('--verbose')) console.error(JSON.stringify(judged))
  }
  const summary = summaryOf(cases)
  if (json) console.log(JSON.stringify({ bench: 'incidents', case: `real-stall-${stall_ms}`, ...summary }))
  else console.log(summary)
}
