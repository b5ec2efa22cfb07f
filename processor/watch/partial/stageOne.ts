import { createHash } from 'node:crypto'
import type { Assignment, Log, LogBatch, LogMessage } from '../../../log/log.ts'
import type { Emit } from '../../../schemas/facts.ts'
import { holdsText } from '../../../schemas/hold.ts'
import { HEADERS, STATE_TOPICS } from '../../../schemas/topics.ts'
import { remember } from '../../dedupe/remember.ts'
import { SchemaRegistry } from '../../schemaRegistry.ts'
import { type ReadPlace, readBatchInto } from '../readBatch.ts'
import { kindOf, offsetAt } from '../sourceTopics.ts'
import { createWatchCore, type WatchCore } from '../watchCore.ts'
import { Watermark } from '../watermark.ts'
import type { Slice } from '../windows/slice.ts'
import { SLICE_MS } from '../windows/view.ts'
import { encodePartials, packPartials } from './codec.ts'

/** Which partition of the topic of partials a stream belongs to: one judge sees all of it. */
export function judgePartition(
  { tenant, show, stream }: { tenant: string; show: string; stream: string },
  partitions: number,
): number {
  return createHash('sha256').update(`${tenant}\0${show}\0${stream}`).digest().readUInt32LE(0) % partitions
}

export interface StageOneOptions {
  readonly log: Log
  readonly emit: Emit
  readonly clock: () => number
  readonly onSetBack?: () => void
  readonly group?: string
}

/** How far before its commit a partition is read again, so that seconds nobody handed on are made anew. */
const OVERLAP_MS = 15_000
/** A late row changes a second handed on less than this ago; older ones fill the store only. */
const KEEP_MS = 60_000

interface Source extends ReadPlace {
  readonly core: WatchCore
  readonly watermark: Watermark
  /** Seconds before this may be half read: an earlier owner has handed them on. */
  from_ms: number
  told_ms: number
  /** How many holds were told. */
  holds: number
}

/**
 * The first stage: each source partition's seconds become partials in a topic keyed by stream. A partial
 * takes the place of the earlier one of (stream, kind, second, source partition), so a partition may be read again.
 */
export async function startStageOne({
  log,
  emit,
  clock,
  onSetBack,
  group = 'watch',
}: StageOneOptions): Promise<{ close(): Promise<void> }> {
  const topic = STATE_TOPICS.partial.name
  const partitions = log.topics.get(topic)?.partitions ?? 1
  const sources = new Map<string, Source>()
  const registry = new SchemaRegistry()
  await registry.refresh(log)

  async function assigned(assignment: Assignment): Promise<number> {
    const { topic, partition, committed } = assignment
    const kind = kindOf.get(topic)!
    const core = createWatchCore({ emit, keep_ms: KEEP_MS })
    const now = clock()
    let since_ms = now - OVERLAP_MS
    if (committed !== undefined) {
      for await (const { appended_ms } of log.replay({
        topic,
        partition,
        from: { offset: committed.offset },
      })) {
        since_ms = Math.min(since_ms, appended_ms - OVERLAP_MS)
        break
      }
    }
    const from = await offsetAt(log, assignment, since_ms)
    const dedupe = core.dedupeOf(kind, partition)
    await remember({ log, registry, kind, partition: { topic, partition }, dedupe, until: from, now_ms: now })
    const half = from > assignment.begin ? Math.ceil(since_ms / SLICE_MS) * SLICE_MS + SLICE_MS : 0
    sources.set(`${topic}/${partition}`, {
      kind,
      next: from,
      live_from: assignment.end,
      core,
      watermark: new Watermark({ clock, emit, onSetBack }),
      from_ms: half,
      told_ms: 0,
      holds: 0,
    })
    return from
  }

  async function handler(batch: LogBatch): Promise<void> {
    const { topic, partition } = batch
    const name = `${topic}/${partition}`
    const source = sources.get(name)
    if (source === undefined) return
    const { core, watermark } = source
    await readBatchInto({ log, registry, core, watermark, emit }, batch, source)
    await handOn(name, partition, source)
  }

  async function handOn(name: string, partition: number, source: Source): Promise<void> {
    const watermark_ms = Math.floor(source.watermark.value / SLICE_MS) * SLICE_MS
    if (watermark_ms <= source.told_ms) return
    const { holds } = source.watermark
    const reported = holds.count
    const packs = new Map<number, Buffer[]>()
    const taken: Slice[] = []
    for (const { tenant, show, stream, kinds } of source.core.windows.streams.values()) {
      const to = judgePartition({ tenant, show, stream }, partitions)
      for (const [kind, window] of kinds) {
        for (const { start_ms, slice } of window.changed(watermark_ms)) {
          if (start_ms < source.from_ms) continue
          taken.push(slice)
          let pack = packs.get(to)
          if (pack === undefined) packs.set(to, (pack = []))
          pack.push(
            ...encodePartials({
              tenant,
              show,
              stream,
              kind,
              start_ms,
              partition,
              table: window.table,
              slice,
            }),
          )
        }
      }
    }
    const messages: LogMessage[] = [...packs].flatMap(([to, pack]) =>
      packPartials(pack).map((value) => ({
        topic,
        partition: to,
        headers: { [HEADERS.type]: 'rows' },
        value,
      })),
    )
    const held = holdsText(holds.since(source.holds))
    // The second stage knows this source partition as one of its collectors: its tick comes after its partials.
    for (let to = 0; to < partitions; to += 1) {
      const headers = {
        [HEADERS.type]: 'tick',
        [HEADERS.collector]: name,
        [HEADERS.time]: String(watermark_ms),
        [HEADERS.held]: held,
      }
      messages.push({ topic, partition: to, headers, value: new Uint8Array() })
    }
    try {
      await log.append(messages)
    } catch (error) {
      // The same batch comes again, and with it these seconds.
      for (const slice of taken) slice.changed = true
      throw error
    }
    source.told_ms = watermark_ms
    source.holds = reported
    source.core.advance(watermark_ms)
  }

  const subscription = await log.subscribe({
    group,
    topics: [...kindOf.keys()],
    assigned,
    revoked: async ({ topic, partition }) => {
      sources.delete(`${topic}/${partition}`)
    },
    handler,
  })
  return { close: () => subscription.close() }
}
