import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import { hop as HOP } from '../schemas/kinds/hop.ts'
import { firstProblem } from '../schemas/problems.ts'
import { startProgressListener } from './ffmpeg/progressListener.ts'
import { ladderReader } from './ladder.ts'
import { mediamtxMetrics } from './mediamtx/metrics.ts'
import { nginxRtmpStat } from './nginx-rtmp/stat.ts'
import { startObsAgent } from './obs/agent.ts'
import { loadText, type PolledSource, startPoller, startReading } from './poller.ts'
import { exporterMetrics, readRules } from './prometheus/exporter.ts'
import { recordingsReader } from './recording.ts'
import type { Send } from './sendBeacons.ts'
import { srsStreams } from './srs/api.ts'
import { followStreams, type Taps } from './taps.ts'

const text = (description: string) => Type.String({ minLength: 1, description })

const COMMON = {
  tenant: Type.Optional(text('Whose streams these are. Default: the runner’s.')),
  show: Type.Optional(text('The show that its streams belong to.')),
  node: Type.Optional(text('Name of the server or encoder. Default: the host of its address.')),
  interval_ms: Type.Optional(Type.Integer({ minimum: 200, maximum: 3_600_000 })),
}

const POLLED = {
  ...COMMON,
  url: Type.String({
    pattern: '^https?://',
    form: 'an address that begins with http:// or https://',
    description: 'Its stat page, API or metrics page.',
  }),
}

/** What `sources:` in the configuration may hold. */
export const SourceConfig = Type.Union([
  Type.Object(
    {
      type: Type.Literal('nginx-rtmp'),
      ...POLLED,
      app: Type.Optional(text('Only this RTMP application.')),
      pushes: Type.Optional(
        Type.Array(text('host:port/app'), {
          maxItems: 50,
          description:
            'Where each stream is pushed to, as the stat page writes it; one that is not connected is down.',
        }),
      ),
      tap: Type.Optional(
        text(
          'Listen to each stream at this address to measure fps and key frames: rtmp://127.0.0.1:1935/live',
        ),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal('srs'), ...POLLED }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('mediamtx'), ...POLLED }, { additionalProperties: false }),
  Type.Object(
    {
      type: Type.Literal('prometheus'),
      ...POLLED,
      hop: Type.Union(HOP.hop.values.map((value) => Type.Literal(value))),
      stream: Type.Optional(text('The stream that its numbers belong to.')),
      stream_label: Type.Optional(text('Or the label whose values are names of streams.')),
      fields: Type.Record(
        Type.String(),
        Type.Union([
          text('A selector: name{label="value"}'),
          Type.Object(
            {
              metric: text('A selector.'),
              scale: Type.Optional(Type.Number({ description: 'What the sum is multiplied by.' })),
              rate: Type.Optional(Type.Boolean({ description: 'A second, and not over the interval.' })),
            },
            { additionalProperties: false },
          ),
        ]),
        { minProperties: 1, description: 'By the field of the hop that it fills.' },
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Literal('obs'),
      ...COMMON,
      url: Type.Optional(
        Type.String({ pattern: '^wss?://', form: 'an address that begins with ws:// or wss://' }),
      ),
      password: Type.Optional(Type.String()),
      stream: text('The stream that this OBS sends.'),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Literal('recordings'),
      ...COMMON,
      folder: text(
        'Where the recorder of this machine writes: one that writes nothing while its stream runs is noticed.',
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Literal('ladder'),
      ...POLLED,
      stream: text('The stream of this ladder.'),
      heights: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
        minItems: 1,
        maxItems: 20,
        description: 'Heights of the pictures that the show promises: [1080, 720, 480].',
      }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Literal('ffmpeg'),
      ...COMMON,
      host: Type.Optional(text('Address to listen on. Default 127.0.0.1.')),
      port: Type.Integer({ minimum: 0, maximum: 65_535, description: 'Where ffmpeg’s -progress is taken.' }),
    },
    { additionalProperties: false },
  ),
])
export type SourceConfig = Static<typeof SourceConfig>

/** Reads `sources:`; what is wrong comes back in words that name the entry. */
export function readSources(
  value: unknown,
):
  | { readonly ok: true; readonly sources: readonly SourceConfig[] }
  | { readonly ok: false; readonly error: string } {
  if (!Array.isArray(value)) return { ok: false, error: 'sources is not a list' }
  for (const [index, each] of value.entries()) {
    if (Value.Check(SourceConfig, each)) {
      const wrong = each.type === 'prometheus' ? mappingProblem(each) : undefined
      if (wrong !== undefined) return { ok: false, error: `sources[${index}].fields: ${wrong}` }
      continue
    }
    const type = (each as { type?: unknown } | null)?.type
    const variant = SourceConfig.anyOf.find((option) => option.properties.type.const === type)
    if (variant === undefined)
      return { ok: false, error: `sources[${index}].type is ${JSON.stringify(type)}` }
    const error = firstProblem(variant, each, 'source')
    return { ok: false, error: `sources[${index}].${error}` }
  }
  return { ok: true, sources: value as SourceConfig[] }
}

/** What is wrong with the mapping of an exporter, in words. */
export function mappingProblem({
  fields,
}: Extract<SourceConfig, { type: 'prometheus' }>): string | undefined {
  try {
    readRules(fields)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

export interface StartSourcesOptions {
  readonly sources: readonly SourceConfig[]
  /** For sources that name none. */
  readonly tenant?: string
  readonly send: Send
  readonly emit: Emit
  readonly clock: () => number
}

export interface Stoppable {
  readonly stop: () => Promise<void>
}

type Named<T extends SourceConfig['type']> = Extract<SourceConfig, { type: T }>
type Server = Named<'nginx-rtmp'> | Named<'srs'> | Named<'mediamtx'> | Named<'prometheus'>

interface About {
  readonly node: string
  readonly context: ClientContext
  readonly emit: Emit
}

/** How each server's answers are read, and the pages of them. */
function readerOf(source: Server, about: About): Pick<PolledSource, 'read' | 'next'> {
  switch (source.type) {
    case 'nginx-rtmp':
      return { read: nginxRtmpStat({ ...about, app: source.app, pushes: source.pushes }) }
    case 'srs':
      return srsStreams({ ...about, url: source.url })
    case 'mediamtx':
      return { read: mediamtxMetrics(about) }
    case 'prometheus': {
      const context = { ...about.context, stream: source.stream }
      return { read: exporterMetrics({ ...source, ...about, context }) }
    }
  }
}

/** Starts everything that asks or listens. Rejects when a port cannot be had; a server that is away is waited for. */
export async function startSources(options: StartSourcesOptions): Promise<Stoppable> {
  const { emit, clock } = options
  const running: Stoppable[] = []

  function startServer(source: Server, send: Send, tenant: string | undefined): void {
    const node = source.node ?? new URL(source.url).hostname
    const context: ClientContext = { show: source.show }
    const reader = readerOf(source, { node, context, emit })
    let taps: Taps | undefined
    if (source.type === 'nginx-rtmp' && source.tap !== undefined) {
      const about = { base: source.tap, node, context, source: source.type, tenant }
      taps = followStreams({ ...about, send, emit, clock })
      running.push(taps)
    }
    running.push(
      startPoller({
        source: source.type,
        url: source.url,
        ...reader,
        send: (groups) => {
          taps?.follow(groups)
          return send(groups)
        },
        emit,
        clock,
        interval_ms: source.interval_ms,
      }),
    )
  }

  for (const source of options.sources) {
    const tenant = source.tenant ?? options.tenant
    const send: Send = (groups) =>
      options.send(groups.map((group): EventGroup => (tenant === undefined ? group : { ...group, tenant })))
    const common = {
      send,
      emit,
      clock,
      interval_ms: source.interval_ms,
    }
    const context = { show: source.show }
    if (source.type === 'ffmpeg') {
      const host = source.host === undefined ? {} : { host: source.host }
      running.push(await startProgressListener({ ...common, ...host, port: source.port, context }))
    } else if (source.type === 'obs') {
      const { url, password, stream, node = 'obs' } = source
      const given = { url, password }
      running.push(startObsAgent({ ...common, ...given, node, context: { ...context, stream } }))
    } else if (source.type === 'recordings') {
      const { type, folder, node = 'recorder' } = source
      const read = recordingsReader({ folder, node, context })
      running.push(startReading({ ...common, source: type, url: folder, read: () => read(clock()) }))
    } else if (source.type === 'ladder') {
      const { type, url, heights, stream, node = new URL(url).hostname } = source
      const timeout_ms = Math.max(2_000, source.interval_ms ?? 0)
      const load = (address: string) => loadText(address, AbortSignal.timeout(timeout_ms))
      const read = ladderReader({ url, heights, node, context: { ...context, stream }, load })
      running.push(startReading({ ...common, source: type, url, read: () => read(clock()) }))
    } else startServer(source, send, tenant)
  }
  return {
    stop: async () => {
      await Promise.all(running.reverse().map((each) => each.stop()))
    },
  }
}
