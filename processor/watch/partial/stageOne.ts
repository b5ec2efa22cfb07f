import { createHash } from 'node:crypto'
import type { Assignment, Log, LogBatch, LogMessage } from '../../../log/log.ts'
import { withTicks } from '../../../log/ticks.ts'
import type { Emit } from '../../../schemas/facts.ts'
import { holdsText } from '../../../schemas/hold.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
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
  /** How many holds were handed on. */
  holds: number
}

/**
 * One partition number of every kind: whoever has it of one topic has it of all (`log/kafkajs.ts`, byPartition), so they hand on
 * together, and the second stage waits for one tick of them instead of one of each kind.
 */
interface Share {
  /** By kind. */
  readonly sources: Map<Kind, Source>
  /** Everything before this is handed on. */
  handed_ms: number
  /** One handing on at a time: topics' batches come side by side. */
  running: Promise<void>
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
  const shares = new Map<number, Share>()
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
    const share = shareOf(partition)
    share.sources.set(kind, {
      kind,
      next: from,
      live_from: assignment.end,
      core,
      watermark: new Watermark({ clock, emit, onSetBack }),
      from_ms: half,
      holds: 0,
    })
    return from
  }

  async function handler(batch: LogBatch): Promise<void> {
    const { topic, partition } = batch
    const share = shares.get(partition)
    const source = share?.sources.get(kindOf.get(topic)!)
    if (share === undefined || source === undefined) return
    const { core, watermark } = source
    await readBatchInto({ log, registry, core, watermark, emit }, batch, source)
    const handing = share.running.then(() => handOn(partition, share))
    share.running = handing.catch(() => undefined)
    await handing
  }

  function shareOf(partition: number): Share {
    const known = shares.get(partition)
    if (known !== undefined) return known
    const share: Share = { sources: new Map(), handed_ms: 0, running: Promise.resolve() }
    shares.set(partition, share)
    return share
  }

  /** Appends every source's seconds before the watermark of all of them, and how far that is, for each judge. */
  async function handOn(partition: number, share: Share): Promise<void> {
    // The partition's other topics are on their way to this watcher, or away from it.
    if (share.sources.size < kindOf.size) return
    const sources = [...share.sources.values()]
    const least_ms = Math.min(...sources.map(({ watermark }) => watermark.value))
    const watermark_ms = Math.floor(least_ms / SLICE_MS) * SLICE_MS
    if (watermark_ms <= share.handed_ms) return
    const packs = new Map<number, Buffer[]>()
    const taken: Slice[] = []
    for (const source of sources) takeSeconds(source, partition, watermark_ms, packs, taken)
    const counts = sources.map(({ watermark }) => watermark.holds.count)
    const held = holdsText(sources.flatMap(({ watermark, holds }) => watermark.holds.since(holds)))
    const messages: LogMessage[] = [...packs].flatMap(([to, pack]) =>
      packPartials(pack).map((value) => ({
        topic,
        partition: to,
        headers: { [HEADERS.type]: 'rows' },
        value,
      })),
    )
    // The second stage knows this source partition as one of its collectors: its tick comes with its last partials.
    const judges = Array.from({ length: partitions }, (_, to) => ({ topic, partition: to }))
    try {
      await log.append(
        withTicks(messages, judges, { sender: String(partition), time_ms: watermark_ms, held }),
      )
    } catch (error) {
      // The same batch comes again, and with it these seconds.
      for (const slice of taken) slice.changed = true
      throw error
    }
    share.handed_ms = watermark_ms
    for (const [at, source] of sources.entries()) {
      source.holds = counts[at]!
      source.core.advance(watermark_ms)
    }
  }

  /** Encodes a source's seconds that changed and are over, by judge. */
  function takeSeconds(
    { core, from_ms }: Source,
    partition: number,
    watermark_ms: number,
    packs: Map<number, Buffer[]>,
    taken: Slice[],
  ): void {
    for (const { tenant, show, stream, kinds } of core.windows.streams.values()) {
      const to = judgePartition({ tenant, show, stream }, partitions)
      for (const [kind, window] of kinds) {
        for (const { start_ms, slice } of window.changed(watermark_ms)) {
          if (start_ms < from_ms) continue
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
  }

  const subscription = await log.subscribe({
    group,
    topics: [...kindOf.keys()],
    assigned,
    revoked: async ({ topic, partition }) => {
      const share = shares.get(partition)
      share?.sources.delete(kindOf.get(topic)!)
      if (share?.sources.size === 0) shares.delete(partition)
    },
    handler,
  })
  return { close: () => subscription.close() }
}
