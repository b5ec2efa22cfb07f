import type { FastifyInstance } from 'fastify'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { authenticate } from './auth/authenticate.ts'
import { createKeyRing } from './auth/keyRing.ts'
import { checkTokens } from './auth/sessionTokens.ts'
import { createTenants, DEMO } from './auth/tenants.ts'
import { beacons } from './beacons.ts'
import { cmcdEndpoints } from './cmcd/endpoints.ts'
import { keepSessions } from './cmcd/sessions.ts'
import { edgeEndpoint, fastlyChallenge } from './edge/edgeEndpoint.ts'
import { NO_ADDRESSES, openAddresses } from './enrich/addresses.ts'
import { keepBudgets } from './enrich/budgets.ts'
import { readOrigin } from './enrich/trustedProxies.ts'
import { readUserAgent } from './enrich/userAgent.ts'
import { hashViewer } from './enrich/viewer.ts'
import { extraRoute, takeGroups } from './extraRoutes.ts'
import { createServerApp } from './http/server.ts'
import { createIntake } from './intake.ts'
import { createAdvice } from './limits/advice.ts'
import { COMBINATION_LIMITS, keepCombinations } from './limits/combinations.ts'
import { createLimits, PREFIX_LIMITS } from './limits/limits.ts'
import { nameTurns } from './limits/nameTurns.ts'
import { createOverload, EVERY_MS } from './limits/overload.ts'
import { createTurns } from './limits/turns.ts'
import { BATCHING, type CollectorOptions } from './options.ts'
import { createBatcher } from './rows/batcher.ts'
import { keepDeadLetters } from './rows/deadLetters.ts'
import { writeRows } from './rows/rowWriter.ts'
import { statusEndpoints } from './status.ts'
import { createTally } from './tally.ts'
import { judgeSessions } from './trust/sessionTrust.ts'

/** Playbacks of a tenant that report by CMCD whose state is kept. */
const CMCD_SESSIONS = 200_000

export interface Collector {
  /** Not listening: `await app.listen({ port, host })`, or `app.inject` in a test. */
  readonly app: FastifyInstance
  /** Resolves when the tables of countries and operators are loaded; events are taken before that too. */
  readonly addressesLoaded: Promise<void>
  /**
   * Takes events of a source in the same process, such as a poller; resolves when they are durable.
   * Rejects with a retriable LogError when the log cannot take them; refused events become dead letters.
   */
  take(groups: readonly EventGroup[]): Promise<void>
  /** Appends everything taken until now. */
  flush(): Promise<void>
  /** Stops taking, answers what is under way, appends it. Closes the app, not the log. */
  close(): Promise<void>
}

/**
 * The collector: HTTP in, Arrow messages into the log. It keeps nothing: what it answered stands in the log.
 * Bad input never makes a 5xx; only a log that cannot take more does (503 with Retry-After).
 */
export function createCollector(options: CollectorOptions): Collector {
  const { log, emit, clock, name } = options
  const batcher = createBatcher({ ...BATCHING, ...options.batching, log, collector: name, emit, clock })
  const tally = createTally(emit)
  const tenantNamed = createTenants(options.salt, options.salts)
  const addresses =
    options.addresses === false ? NO_ADDRESSES : openAddresses({ cacheFolder: options.cacheFolder, emit })
  const deadLetters = keepDeadLetters({ batcher, emit })
  const limitsOf = (tenant: string) => options.limits?.[tenant]
  const limits = createLimits({
    tenants: options.limits ?? {},
    prefix: { ...PREFIX_LIMITS, ...options.prefixLimits },
    refused(tenant, { code }) {
      tally.refused(code)
      tally.limited(tenant)
    },
  })
  const writer = writeRows({
    batcher,
    collector: name,
    budgetOf: keepBudgets({ emit }),
    viewerHash: hashViewer(),
    delayOf: options.delayOf,
    withinStreams: keepCombinations({
      emit,
      limitsOf: (tenant) => ({
        ...COMBINATION_LIMITS,
        tenant: limitsOf(tenant)?.streams_per_hour ?? COMBINATION_LIMITS.tenant,
      }),
      showOf: options.showOf,
    }),
  })
  const originOf = readOrigin({ trusted: options.trustedProxies ?? [], headers: options.proxyHeaders })
  const advice = createAdvice((tenant) => options.policies?.[tenant]?.sample ?? 1)
  const intake = createIntake({
    clock,
    batcher,
    writer,
    deadLetters,
    tally,
    addresses,
    limits,
    trust: judgeSessions(),
    advice,
    origin: originOf,
    userAgent: readUserAgent(),
    showOf: options.showOf,
  })
  const demo = options.demo ?? false
  const ring = createKeyRing({
    keys: { ...(demo ? { [DEMO]: { tenant: DEMO } } : {}), ...options.keys },
    file: options.keyFile,
    clock,
  })
  const authenticated = authenticate({
    ring,
    tenantNamed,
    policies: options.policies ?? {},
    tokens: checkTokens({ secrets: options.tokenSecrets ?? {}, clock }),
  })
  const sessions = keepSessions({ most: CMCD_SESSIONS, idle_ms: 5 * 60_000 })
  let closing = false
  const endpoints = [
    beacons({ intake, authenticated, advice }),
    ...cmcdEndpoints({ intake, sessions, authenticated, demo }),
    edgeEndpoint({ intake, sessions, tenantNamed, sources: options.edge ?? {}, emit }),
    fastlyChallenge(options.edge ?? {}),
    ...statusEndpoints({ log, clock, unready: () => (closing ? 'it is stopping' : options.unready?.()) }),
    ...(options.routes ?? []).map((route) => extraRoute(route, { intake, tenantNamed, emit })),
  ]
  const monotonic = () => performance.now()
  const turns = createTurns({ clock: monotonic })
  const overload = createOverload({
    emit,
    clock: monotonic,
    batchAge_ms: (now_ms) => batcher.age_ms(now_ms),
    turnAge_ms: (now_ms) => turns.age_ms(now_ms),
    random: Math.random,
    advice: () => advice.interval(),
  })
  const app = createServerApp({
    endpoints,
    tally,
    emit,
    overload,
    turns,
    turnOf: nameTurns({ ring, originOf }),
  })
  const looking = setInterval(() => {
    const now_ms = monotonic()
    overload.look(now_ms)
    advice.look(overload.overloaded, now_ms)
  }, EVERY_MS)
  const tickEvery_ms = options.tickEvery_ms ?? 1_000
  let ticked_ms = clock()
  const ticking = setInterval(() => {
    const now = intake.received()
    // A process that did not come to its timers did not come to its senders either.
    batcher.held({ from_ms: ticked_ms + tickEvery_ms, until_ms: now })
    ticked_ms = now
    batcher.tick(now)
    tally.tell()
  }, tickEvery_ms)
  app.addHook('onReady', async () => batcher.tick(intake.received()))

  return {
    app,
    addressesLoaded: addresses.loaded,
    take: (groups) => takeGroups(groups, { intake, tenantNamed, emit }),
    flush: () => batcher.flush(),
    async close() {
      closing = true
      clearInterval(ticking)
      clearInterval(looking)
      await app.close()
      await batcher.close()
      tally.tell()
    },
  }
}
