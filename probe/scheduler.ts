import type { Emit } from '../schemas/facts.ts'
import { PROBE_HEARTBEAT } from '../schemas/probeReasons.ts'
import type { BeaconSender } from './beaconSender.ts'
import { type CheckOptions, type CheckResult, NotCheckable } from './check.ts'
import type { Clock } from './clock.ts'
import { heartbeatEvent, probeEvent } from './event.ts'
import type { CheckMemory, PictureProbe } from './observations.ts'
import type { Target } from './target.ts'

export interface SchedulerOptions {
  readonly targets: readonly Target[]
  readonly check: (url: string, options: CheckOptions) => Promise<CheckResult>
  readonly sender: BeaconSender
  readonly clock: Clock
  /** Uniform in [0, 1): spreads the checks of probes that were started together. */
  readonly random: () => number
  readonly emit: Emit
  /** Most checks at once. Default 8. */
  readonly parallel?: number
  /** Real decoding for targets that ask for it. */
  readonly picture?: PictureProbe
}

export interface Scheduler {
  readonly running: () => number
  /** Ends running checks, delivers what they found so far, and resolves. */
  readonly stop: () => Promise<void>
}

const EVERY_S = 20
const PARALLEL = 8
/** A check begins within ± this share of its interval around its due time. */
const JITTER = 0.15
const FAREWELL_MS = 3_000

interface Slot {
  readonly target: Target
  due_ms: number
  memory?: CheckMemory
  busy: boolean
}

/** Real decoding that reports under the target's names. */
function pictureOf({ show, stream, cdn, logo }: Target, picture: PictureProbe): PictureProbe {
  return (url, protocol, request) =>
    picture(url, protocol, {
      ...request,
      ...(show === undefined ? {} : { show }),
      ...(stream === undefined ? {} : { stream }),
      ...(cdn === undefined ? {} : { cdn }),
      ...(logo === undefined ? {} : { logo }),
    })
}

/** Checks every target over and over, jittered and bounded, and hands the results to the sender. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { clock, random, emit, sender, targets } = options
  const parallel = options.parallel ?? PARALLEL
  const over = new AbortController()
  const every_ms = (target: Target): number => (target.every_s ?? EVERY_S) * 1000
  // the first round is spread over half an interval, so that a restart of all probes is no attack
  const slots: Slot[] = targets.map((target) => ({
    target,
    due_ms: clock() + (random() * every_ms(target)) / 2,
    busy: false,
  }))
  const checks = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let heartbeat_ms = clock()

  const run = async (slot: Slot): Promise<void> => {
    const { target } = slot
    const begun_ms = clock()
    if (begun_ms - slot.due_ms > 1_000)
      emit({ type: 'probe_late', late_seconds: (begun_ms - slot.due_ms) / 1000 })
    slot.busy = true
    try {
      const result = await options.check(target.url, {
        clock,
        signal: over.signal,
        memory: slot.memory,
        ...(target.duration_s === undefined ? {} : { duration_ms: target.duration_s * 1000 }),
        declared_kbps: target.declared_kbps,
        headers: target.headers,
        variant: target.variant,
        limits: target.limits,
        ...(target.browser && options.picture !== undefined
          ? { picture: pictureOf(target, options.picture) }
          : {}),
      })
      // a check that was cut short has seen too little to judge by
      if (over.signal.aborted) return
      slot.memory = result.memory
      sender.add(probeEvent(result, target, sender.next()))
      emit({
        type: 'probe_checked',
        verdict: result.verdict,
        reason: result.reason,
        target: target.name,
        detail: result.detail,
        bytes: result.measures.bytes,
        seconds: (clock() - begun_ms) / 1000,
      })
      void sender.flush(over.signal)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (error instanceof NotCheckable)
        emit({ type: 'probe_not_checkable', target: target.name, error: why })
      else emit({ type: 'bug', where: 'probe.check', target: target.name, error: why })
    } finally {
      slot.busy = false
      const spread = 1 + JITTER * (2 * random() - 1)
      slot.due_ms = Math.max(clock(), begun_ms + every_ms(target) * spread)
    }
  }

  const tick = (): void => {
    if (over.signal.aborted) return
    const now = clock()
    if (now >= heartbeat_ms) {
      heartbeat_ms = now + PROBE_HEARTBEAT.every_ms
      sender.add(heartbeatEvent(now, sender.next()))
      void sender.flush(over.signal)
    }
    const due = slots.filter((slot) => !slot.busy && slot.due_ms <= now).sort((a, b) => a.due_ms - b.due_ms)
    for (const slot of due.slice(0, Math.max(0, parallel - checks.size))) {
      const checking = run(slot).finally(() => {
        checks.delete(checking)
        schedule()
      })
      checks.add(checking)
    }
    schedule()
  }
  const schedule = (): void => {
    if (over.signal.aborted) return
    clearTimeout(timer)
    const free = checks.size < parallel
    const dues = free ? slots.filter((slot) => !slot.busy).map((slot) => slot.due_ms) : []
    timer = setTimeout(tick, Math.max(1, Math.min(heartbeat_ms, ...dues) - clock()))
  }
  tick()
  return {
    running: () => checks.size,
    stop: async () => {
      clearTimeout(timer)
      over.abort()
      await Promise.allSettled(checks)
      await sender.flush(AbortSignal.timeout(FAREWELL_MS))
    },
  }
}
