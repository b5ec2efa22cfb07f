import { readFileSync } from 'node:fs'
import { type Static, Type } from '@sinclair/typebox'
import { parse } from 'yaml'
import { type Metric, metricOf } from './metrics.ts'
import { firstProblem } from './problems.ts'

const text = (description: string) => Type.String({ minLength: 1, description })

/** The levels of a contingency plan, and who acts on each. */
const Plan = Type.Object(
  {
    check: text('What is tried before the show.'),
    automatic: text('What switches by itself.'),
    standby: text('What is warm and waits.'),
    manual: text('Who does what.'),
    manual_zh: text('The manual step in Chinese: it stands in pages.'),
  },
  { additionalProperties: false },
)
type Plan = Static<typeof Plan>

/** The file `docs/runbooks/parts.yaml`. */
const RunbookFile = Type.Object(
  {
    plans: Type.Record(Type.String(), Plan),
    metrics: Type.Record(
      Type.String(),
      Type.Object(
        {
          means: text('What it means for the people who watch.'),
          tell: Type.Array(text('How to tell what it is, the quickest look first.'), { minItems: 1 }),
          plan: Type.Union([Type.String(), Plan]),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

/** The hand-written part of a runbook. */
export interface RunbookPart extends Plan {
  readonly means: string
  readonly tell: readonly string[]
}

const FILE = new URL('../docs/runbooks/parts.yaml', import.meta.url)

/** Reads the file of hand-written parts. Throws an error that names the entry which is wrong. */
function readParts(): { plans: Record<string, Plan>; parts: Partial<Record<Metric, RunbookPart>> } {
  const file: unknown = parse(readFileSync(FILE, 'utf8'))
  const wrong = firstProblem(RunbookFile, file, 'file')
  if (wrong !== undefined) throw new Error(`docs/runbooks/parts.yaml: ${wrong}`)
  const { plans, metrics } = file as Static<typeof RunbookFile>
  const parts = Object.entries(metrics).map(([metric, { means, tell, plan }]) => {
    const levels = typeof plan === 'string' ? plans[plan] : plan
    if (metricOf(metric as Metric) === undefined)
      throw new Error(`docs/runbooks/parts.yaml: there is no metric ${metric}`)
    if (levels === undefined) throw new Error(`docs/runbooks/parts.yaml: ${metric}: there is no plan ${plan}`)
    return [metric, { means, tell, ...levels }] as const
  })
  return { plans, parts: Object.fromEntries(parts) }
}

const { plans: PLANS, parts } = readParts()

/** What no generator can know, by metric. Every metric with a rule has one: a test holds it. */
export const RUNBOOK_PARTS = parts

/**
 * The part that tells what to do about an incident: what was seen at the hop that breaks counts first, since it is that hop's people
 * who can mend it; else the metric that names it.
 */
export function partOf({
  hop,
  metric,
  cause,
  symptoms,
}: {
  readonly hop: string
  readonly metric: Metric
  readonly cause: Readonly<Record<string, string>>
  readonly symptoms: readonly { readonly hop: string; readonly metric: Metric }[]
}): RunbookPart | undefined {
  const own = partOfHop({ hop, metric, symptoms })
  // Where only players are ill, delivery is well: the version's people or the last mile's can mend it.
  if (own === undefined || hop !== 'player' || own.manual !== PLANS.delivery?.manual) return own
  return { ...own, ...PLANS['isp' in cause || 'network' in cause ? 'last_mile' : 'player'] }
}

function partOfHop({
  hop,
  metric,
  symptoms,
}: Omit<Parameters<typeof partOf>[0], 'cause'>): RunbookPart | undefined {
  const there = symptoms.filter((symptom) => symptom.hop === hop && metricOf(symptom.metric)?.hop === hop)
  return [...there.map((symptom) => symptom.metric), metric]
    .map((name) => RUNBOOK_PARTS[name])
    .find((part) => part !== undefined)
}
