import type { FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import type { IncidentView } from '../../schemas/incident.ts'
import type { Metric } from '../../schemas/metrics.ts'
import {
  ACTING_LEVELS,
  OBSERVED,
  type Tick,
  tickKey,
  type WalkedPlan,
  walkPlan,
} from '../../schemas/planWalk.ts'
import { firstProblem } from '../../schemas/problems.ts'
import { type ShowEntry, showKey } from '../../schemas/show.ts'
import {
  CheckTick,
  checkKey,
  fulfils,
  type PlanStep,
  type SeenWhen,
  type ShowPlan,
  scoreOf,
  stepsFor,
  walkCheck,
} from '../../schemas/showPlan.ts'
import type { Store } from '../../store/client.ts'
import { principalOf, sees, sendError, signerOf } from '../signIn/principal.ts'
import type { Incidents } from './incidents.ts'
import { metricSeries } from './state.ts'

/** A compacted topic as it is read here. */
export type Kept = Pick<StateMap, 'values'>

export const readKept = <T>(map: Kept | undefined, key: string): T | undefined => {
  const text = map?.values.get(key)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

export interface PlanOptions {
  /** The compacted topic of incidents, where ticks are kept. */
  readonly map: Kept
  /** The registry of shows. */
  readonly shows?: Kept
  readonly clock: () => number
}

type Ticks = readonly Pick<Tick, 'level' | 'state' | 'at_ms' | 'by'>[]

/** Where an incident's plan has got to. @param observed ticks of steps that the pipeline saw; what somebody ticked goes before */
export function planOf(
  { id, tenant, show, hop, opened_ms, resolved_ms: over_ms }: IncidentView,
  { map, shows, clock }: PlanOptions,
  observed: Ticks = [],
): WalkedPlan {
  const entry = readKept<ShowEntry>(shows, showKey({ tenant, show }))
  const own = stepsFor(entry?.steps ?? [], hop)
  const ticks = ACTING_LEVELS.flatMap((level) => readKept<Tick>(map, tickKey(id, level)) ?? [])
  const within_s = Object.fromEntries(
    ACTING_LEVELS.flatMap((level) => {
      const allowed_s = own[level]?.within_s ?? entry?.plan?.[level]
      return allowed_s === undefined ? [] : [[level, allowed_s]]
    }),
  )
  const plan = walkPlan({ opened_ms, over_ms, now_ms: clock(), within_s, ticks: [...ticks, ...observed] })
  return {
    ...plan,
    steps: plan.steps.map((step) => ({ ...step, does: own[step.level]?.does, who: own[step.level]?.who })),
  }
}

/** A step's condition is looked for so long after its incident was found, ms. */
const LOOK_MS = 900_000
/** And before a show begins, ms. */
const BEFORE_MS = 3_600_000

interface Look {
  readonly tenant: string
  readonly show: string
  readonly seen: SeenWhen
  readonly from_ms: number
  readonly to_ms: number
  readonly fine: boolean
}

/** When a condition was first fulfilled within a time; undefined: not at all. */
async function firstSeen(
  store: Store,
  { tenant, show, seen, from_ms, to_ms, fine }: Look,
): Promise<number | undefined> {
  const step_s = fine ? 2 : 10
  const metric = seen.metric as Metric
  const scope = { tenant, show, within: seen.where, from_ms, to_ms }
  const { times_ms, series } = await metricSeries(store, scope, step_s, [metric], fine ? 'raw' : 'rollup')
  const at = (series[metric] ?? []).findIndex((value) => fulfils(seen, value))
  return at < 0 ? undefined : Math.max(from_ms, times_ms[at]! + step_s * 1000)
}

/** The plan of a show over a time, with what the pipeline saw of it. */
export async function readPlan(
  options: PlanOptions & { readonly store: Store; readonly incidents: Incidents },
  {
    tenant,
    show,
    from_ms,
    to_ms,
  }: { readonly tenant: string; readonly show: string; from_ms: number; to_ms: number },
): Promise<ShowPlan> {
  const { map, shows, clock, store, incidents } = options
  const entry = readKept<ShowEntry>(shows, showKey({ tenant, show }))
  const steps = entry?.steps ?? []
  const starts_ms = entry?.starts === undefined ? undefined : Date.parse(entry.starts)
  const look = { tenant, show, now_ms: clock() }
  const walkedCheck = async (step: PlanStep) => {
    const until_ms = Math.min(look.now_ms, starts_ms ?? look.now_ms)
    const times = { from_ms: until_ms - BEFORE_MS, to_ms: until_ms, fine: false }
    const tick = readKept<CheckTick>(map, checkKey(tenant, show, step.step))
    const seen_ms = step.seen && (await firstSeen(store, { ...look, ...times, seen: step.seen }))
    return walkCheck(step, { starts_ms, now_ms: look.now_ms, tick, seen_ms })
  }
  const walkedIncident = async (incident: IncidentView): Promise<ShowPlan['incidents'][number]> => {
    const { id, hop, summary_en, summary_zh, opened_ms, state } = incident
    const until_ms = Math.min(incident.resolved_ms || look.now_ms, opened_ms + LOOK_MS)
    const observed = await Promise.all(
      Object.values(stepsFor(steps, hop)).map(async ({ level, seen }) => {
        if (seen === undefined || level === 'check') return []
        const times = { from_ms: opened_ms, to_ms: until_ms, fine: true }
        const at_ms = await firstSeen(store, { ...look, ...times, seen })
        return at_ms === undefined ? [] : [{ level, state: 'done' as const, at_ms, by: OBSERVED }]
      }),
    )
    const plan = planOf(incident, options, observed.flat())
    return { id, summary_en, summary_zh, opened_ms, open: state === 'open', plan }
  }
  const listed = await incidents.list({ tenant, show, from_ms, to_ms, limit: 1000 })
  const [checks, walked] = await Promise.all([
    Promise.all(steps.filter(({ level }) => level === 'check').map(walkedCheck)),
    Promise.all([...listed].reverse().map(walkedIncident)),
  ])
  return { checks, incidents: walked, score: scoreOf({ checks, incidents: walked }) }
}

/**
 * `PUT /api/plan/:show/:step` with `{ state: "done" | "failed", by? }` ticks a check of a show's plan; `DELETE` takes the tick back. Answers 204; 400
 * `bad_json` or `bad_request`, 404 `not_found` where the show has no such check. Steps that act are ticked at their incident.
 */
export function serveChecks(
  app: FastifyInstance,
  { map, shows, clock }: Omit<PlanOptions, 'map'> & { readonly map: StateMap },
): void {
  const url = '/api/plan/:show/:step'
  /** The tenant of the show when it has such a check and they may see it. */
  const tenantOf = (request: Parameters<typeof principalOf>[0], show: string, step: string) => {
    const { tenant = 'demo' } = request.query as { tenant?: string }
    const entry = readKept<ShowEntry>(shows, showKey({ tenant, show }))
    const known = entry?.steps?.some((each) => each.step === step && each.level === 'check')
    return known === true && sees(principalOf(request), tenant) ? tenant : undefined
  }

  app.put(url, async (request, reply) => {
    const { show, step } = request.params as { show: string; step: string }
    const tenant = tenantOf(request, show, step)
    if (tenant === undefined) return sendError(reply, 'not_found', `${show} has no check called ${step}`)
    let body: { readonly state?: unknown; readonly by?: unknown } | null
    try {
      body = JSON.parse(String(request.body ?? ''))
    } catch {
      return sendError(reply, 'bad_json')
    }
    const by = signerOf(request, body?.by)
    const text = JSON.stringify({ tenant, show, step, state: body?.state, at_ms: clock(), by })
    const wrong = firstProblem(CheckTick, JSON.parse(text), 'body')
    if (wrong !== undefined) return sendError(reply, 'bad_request', wrong)
    await map.put(checkKey(tenant, show, step), text)
    return reply.code(204).send()
  })

  app.delete(url, async (request, reply) => {
    const { show, step } = request.params as { show: string; step: string }
    const tenant = tenantOf(request, show, step)
    if (tenant === undefined) return sendError(reply, 'not_found', `${show} has no check called ${step}`)
    await map.put(checkKey(tenant, show, step), null)
    return reply.code(204).send()
  })
}
