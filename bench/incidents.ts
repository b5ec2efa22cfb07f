import { readFileSync } from 'node:fs'
import { judgeHistory } from '../main/judge.ts'
import { CATALOGUE_RULES } from '../processor/watch/detect/activeRules.ts'
import type { Observation } from '../processor/watch/detect/observation.ts'
import { type History, readHistory } from '../rehearsal/history/readHistory.ts'
import { curveOf, type Loudness } from './incidents/curve.ts'
import { type JudgedCase, judgedOf, type Label, summaryOf } from './incidents/score.ts'
import { semiSynthetic } from './incidents/semiSynthetic.ts'
import { tenLines } from './incidents/tenLines.ts'
import { reliabilityOf } from './localise/score.ts'
import type { BenchOptions } from './run.ts'

const FOLDER = new URL('../../shared/incidents/', import.meta.url)
/** Openings per 100 quiet minutes at which the curve is printed. */
const RATES = [0.25, 0.5, 1, 1.5, 2, 3, 5]
const MINUTE_S = 60
const FOLDS = 5

interface Judged {
  readonly judged: JudgedCase
  /** By minute: how far the surest finding was beyond its bar, of any rule; and how sure the whole audience's share was unusual. */
  readonly any: Loudness
  readonly whole: Loudness
  readonly simple: Loudness
}

const historyOf = (file: string): History => {
  const history = readHistory(readFileSync(new URL(file, FOLDER), 'utf8'), {
    time: 'min',
    value: 'value',
    count: 'cnt',
  })
  if ('code' in history) throw new Error(`${file}: ${history.message}`)
  return history
}

const wholeOf = ({ metric, scope, score, firing, rule }: Observation): number =>
  metric === 'stalled_viewers'
    ? Object.keys(scope).length === 0
      ? score
      : 0
    : rule === 'baseline' && firing
      ? score
      : 0

function judge(
  history: History,
  label: Label,
  options: { readonly stall_ms: number; readonly viewers: number; readonly seed: number },
): Judged {
  const from_s = history.minutes[0]!.start_s
  const minutes = Math.round((label.at - from_s) / MINUTE_S) + 1
  const [any, whole] = [new Array<number>(minutes).fill(0), new Array<number>(minutes).fill(0)]
  const changes = judgeHistory({
    ...options,
    history,
    rules: CATALOGUE_RULES,
    until_s: label.at + MINUTE_S,
    observe(at_s, seen) {
      const minute = Math.ceil((at_s - from_s) / MINUTE_S) - 1
      for (const entry of seen) {
        any[minute] = Math.max(any[minute]!, entry.score / entry.threshold)
        whole[minute] = Math.max(whole[minute]!, wholeOf(entry))
      }
    },
  })
  return { judged: judgedOf(label, history, changes), any, whole, simple: tenLines(history, label.at) }
}

/**
 * `npm run bench -- incidents [--json] [--verbose] [--stall-ms 1500] [--seed 1] [--cases 1000] [--real-only]`: the labelled incidents of a
 * live platform, and real quiet minutes with a fault put in, minute by minute through the whole watcher: incidents opened and critical within
 * the labelled minute, cause exact of those opened, openings in the quiet minutes before; the whole curve; the detector of ten lines
 * at the same rates. No parameter was tuned on the semi-synthetic cases.
 */
export const run = async ({ json, args }: BenchOptions): Promise<void> => {
  const flag = (name: string, otherwise: number): number => {
    const at = args.indexOf(name)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const options = {
    stall_ms: flag('--stall-ms', 1500),
    viewers: flag('--viewers', 3000),
    seed: flag('--seed', 1),
  }
  const labels: Label[] = JSON.parse(readFileSync(new URL('labels.json', FOLDER), 'utf8'))
  const tell = (name: string, cases: readonly Judged[]) => {
    const summary = summaryOf(cases.map(({ judged }) => judged))
    const curves = {
      opened: curveOf(
        cases.map(({ any }) => any),
        RATES,
      ),
      critical: curveOf(
        cases.map(({ whole }) => whole),
        RATES,
      ),
      ten_lines: curveOf(
        cases.map(({ simple }) => simple),
        RATES,
      ),
    }
    const reliability = reliabilityOf(
      cases.map(({ judged: { exact, confidence, cause } }) => ({
        rank: exact ? 1 : Number.POSITIVE_INFINITY,
        confidence,
        empty: cause === undefined,
      })),
    ).filter((bin) => bin.cases > 0)
    if (json)
      return console.log(
        JSON.stringify({ bench: 'incidents', case: name, ...options, ...summary, curves, reliability }),
      )
    console.log(`\n${name}`)
    for (const [key, value] of Object.entries(summary)) console.log(`  ${key.padEnd(26)} ${value}`)
    console.log('  found %, at so many openings per 100 quiet minutes')
    for (const [key, points] of Object.entries(curves))
      console.log(
        `  ${key.padEnd(10)} ${points.map(({ per_100_quiet, found }) => `${per_100_quiet}: ${found}`).join('   ')}`,
      )
    console.log(
      `  stated % and right %: ${reliability.map(({ stated, right, cases }) => `${stated}: ${right} (${cases})`).join('   ')}`,
    )
  }
  const note = (entry: Judged) => {
    if (args.includes('--verbose')) console.error(JSON.stringify(entry.judged))
    return entry
  }
  const histories = labels.map(({ file }) => historyOf(file))
  const real = labels.map((label, at) => note(judge(histories[at]!, label, options)))
  tell('real', real)
  if (args.includes('--real-only')) return
  const folds: Judged[][] = Array.from({ length: FOLDS }, () => [])
  for (let each = 0; each < flag('--cases', 1000); each += 1) {
    const at = each % labels.length
    const made = semiSynthetic(histories[at]!, labels[at]!, options.seed * 100_000 + each)
    if (made === undefined) continue
    folds[at % FOLDS]!.push(note(judge(made.history, made.label, { ...options, seed: options.seed + each })))
  }
  tell('semi-synthetic', folds.flat())
  folds.forEach((fold, at) => {
    tell(`semi-synthetic, files of fold ${at + 1}`, fold)
  })
}
