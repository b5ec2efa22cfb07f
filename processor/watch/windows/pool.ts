import { CAUSAL_DIMENSIONS } from '../../../schemas/dimensions.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
import type { KindWindow } from './kindWindow.ts'

/**
 * Show and stream of a tenant's pool: the small streams added up, so that what is too little to be certain in each of them is
 * found. A pool is judged like a stream. Its cells keep the dimensions that streams share, and the stream.
 */
export const POOLED = '~all'
/** Kinds that are pooled: what viewers feel. */
export const KINDS_POOLED: ReadonlySet<Kind> = new Set(['heartbeat', 'startup'])
/** Dimensions whose values several streams have in common. */
const SHARED = new Set(['app', 'cdn', 'edge', 'isp', 'region', 'player_version'])
/** With fewer streams a pool would find nothing that the streams do not show. */
const FEWEST_STREAMS = 4
/** A stream with more cells is large enough to be judged alone. */
const MOST_CELLS = 4_096

/** The dimensions of a pool's cells. */
export const POOL_FIELDS: readonly string[] = [
  ...CAUSAL_DIMENSIONS.filter((name) => SHARED.has(name)),
  'stream',
]

/** Whether the rows of a stream are added to its tenant's pool. */
export const isPooled = (kind: Kind, streams: number, window: KindWindow): boolean =>
  streams >= FEWEST_STREAMS && KINDS_POOLED.has(kind) && window.table.count <= MOST_CELLS

/** A stream's name among a pool's cells, and back. */
export const pooledName = (show: string, stream: string): string => JSON.stringify([show, stream])
/** The show and stream of a name that `pooledName` made. */
export function streamOfName(name: string): { readonly show: string; readonly stream: string } {
  const [show, stream] = JSON.parse(name) as [string, string]
  return { show, stream }
}

/** Translates the cells of streams into the cells of their pool, each once. */
export class PoolCells {
  private readonly window: KindWindow
  private readonly known = new WeakMap<KindWindow, number[]>()

  constructor(window: KindWindow) {
    this.window = window
  }

  /** @param name of the stream, see `pooledName` */
  cellOf(from: KindWindow, cell: number, name: string): number {
    let cells = this.known.get(from)
    if (cells === undefined) this.known.set(from, (cells = []))
    return (cells[cell] ??= this.translate(from, cell, name))
  }

  private translate(from: KindWindow, cell: number, name: string): number {
    const { table } = this.window
    const tuple = Int32Array.from(POOL_FIELDS, (field, at) => {
      if (field === 'stream') return table.code(at, name)
      const dimension = from.table.dimensions.indexOf(field)
      return table.code(at, from.table.values[dimension]![from.table.codeAt(cell, dimension)]!)
    })
    return table.cell(tuple)
  }
}
