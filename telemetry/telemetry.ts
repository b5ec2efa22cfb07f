import { type DestinationStream, type Logger, pino } from 'pino'
import { default as prettyStream } from 'pino-pretty'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Emit, FACTS, type Fact, type FactName } from '../schemas/facts.ts'

/** The one prefix of our own metrics. */
export const PREFIX = 'firstframe_'

/** Buckets for durations inside the pipeline: from a flush to a slow insert. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

interface Spec {
  readonly help: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly labels?: readonly string[]
  readonly sums?: readonly string[]
  readonly histograms?: readonly string[]
  readonly gauges?: readonly string[]
}

export interface Telemetry {
  readonly emit: Emit
  readonly logger: Logger
  /** The page of `/metrics`, in Prometheus' text format. */
  metrics(): Promise<string>
  readonly contentType: string
}

export interface TelemetryOptions {
  /** Least serious level written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly destination?: DestinationStream
  /** Lines go to standard error: standard output is a stream of something else. */
  readonly toStandardError?: boolean
  /** Lines for a person at a terminal instead of JSON. */
  readonly pretty?: boolean
  /** Monotonic, ms; default: the process's. */
  readonly clock?: () => number
  /** Constant fields of each line and label of `firstframe_build_info`. */
  readonly version: string
}

/** Lines of one type of fact in a second. Whoever can make facts from outside must not be able to fill the disk with them. */
export const MOST_LINES = 50

/** Whether a line of a type may be written now; with how many were left out before it. */
function boundLines(clock: () => number): (type: FactName) => number | undefined {
  const written = new Map<FactName, { second: number; lines: number }>()
  return function leftOut(type) {
    const second = Math.floor(clock() / 1000)
    const before = written.get(type)
    if (before?.second === second) {
      before.lines += 1
      return before.lines > MOST_LINES ? undefined : 0
    }
    written.set(type, { second, lines: 1 })
    return Math.max(0, (before?.lines ?? 0) - MOST_LINES)
  }
}

type Sink = (fact: Fact, labels: Record<string, string>) => void

/** Makes facts into metrics and log lines; the only place that knows prom-client and pino. */
export function createTelemetry({
  level,
  destination,
  toStandardError,
  pretty = false,
  version,
  clock = () => performance.now(),
}: TelemetryOptions): Telemetry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: PREFIX })
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    (destination ??
      (pretty
        ? prettyStream({
            colorize: true,
            singleLine: true,
            ignore: 'pid,hostname',
            translateTime: 'SYS:HH:MM:ss',
            sync: true,
          })
        : toStandardError
          ? pino.destination(2)
          : undefined)) as DestinationStream,
  )
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Which version runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)
  const sinks = Object.fromEntries(
    (Object.keys(FACTS) as FactName[]).map((name) => [name, sinksOf(name, FACTS[name], registry)]),
  ) as Record<FactName, Sink[]>

  const leftOut = boundLines(clock)
  return {
    logger,
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    emit(fact) {
      const spec: Spec = FACTS[fact.type]
      const labels = Object.fromEntries(
        (spec.labels ?? []).map((label) => [label, String(fact[label] ?? '')]),
      )
      for (const sink of sinks[fact.type]) sink(fact, labels)
      if (!logger.isLevelEnabled(spec.level)) return
      const left_out = leftOut(fact.type)
      if (left_out === undefined) return
      logger[spec.level]({ ...describe(fact), left_out: left_out || undefined }, spec.help)
    },
  }
}

const URLS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi
/** A text whose URLs lost what may be a secret: the user's part and the values of the query. */
const withoutSecrets = (text: string): string =>
  text.replace(URLS, (url) => url.replace(/\/\/[^/?#]*@/, '//…@').replace(/([?&][^=&#]+=)[^&#]*/g, '$1…'))

/** A log line's fields: errors with their cause, secrets in URLs left out, everything else as it is. */
function describe(fact: Fact): Record<string, unknown> {
  const { error, ...rest } = fact
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
  const fields = {
    ...rest,
    error: error instanceof Error ? error.message : error,
    cause: cause ?? rest.cause,
    stack: error instanceof Error && fact.type === 'bug' ? error.stack : rest.stack,
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? withoutSecrets(value) : value,
    ]),
  )
}

function sinksOf(name: FactName, spec: Spec, registry: Registry): Sink[] {
  const base = { help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry] }
  const count = new Counter({ ...base, name: `${PREFIX}${name}_total` })
  const sinks: Sink[] = [(_, labels) => count.inc(labels)]
  for (const field of spec.sums ?? []) {
    const counter = new Counter({ ...base, name: `${PREFIX}${name}_${field}_total` })
    sinks.push((fact, labels) => number(fact[field], (value) => counter.inc(labels, value)))
  }
  for (const field of spec.histograms ?? []) {
    const histogram = new Histogram({ ...base, name: `${PREFIX}${name}_${field}`, buckets: SECONDS })
    sinks.push((fact, labels) => number(fact[field], (value) => histogram.observe(labels, value)))
  }
  for (const field of spec.gauges ?? []) {
    const gauge = new Gauge({ ...base, name: `${PREFIX}${name}_${field}` })
    sinks.push((fact, labels) => number(fact[field], (value) => gauge.set(labels, value)))
  }
  return sinks
}

function number(value: unknown, use: (value: number) => void): void {
  if (typeof value === 'number' && Number.isFinite(value)) use(value)
}
