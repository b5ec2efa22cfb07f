import { CAUSAL_DIMENSIONS, OTHER } from '../../schemas/dimensions.ts'
import type { History } from './readHistory.ts'

/** Column names that are used elsewhere for a dimension of ours. */
const ALIASES: Readonly<Record<string, string>> = {
  operator: 'isp',
  carrier: 'isp',
  province: 'region',
  state: 'region',
  city: 'region',
  net: 'network',
  bitrate: 'rendition',
  bitrate_kbps: 'rendition',
  quality: 'rendition',
  resolution: 'rendition',
  p2p: 'delivery',
  platform: 'container',
  client: 'container',
  gameid: 'app',
  game: 'app',
  appid: 'app',
  version: 'player_version',
  app_version: 'player_version',
  model: 'device',
}

/** `edge` comes last: localisation names an edge by its CDN and region. */
const FREE = [
  'app',
  'container',
  'network',
  'os',
  'protocol',
  'codec',
  'player',
  'player_version',
  'country',
  'region',
  'rendition',
  'delivery',
  'device',
  'isp',
  'cdn',
]

/** Text that stands for a value which the pipeline would not look at: an empty one, or its own word for the rest. */
const EMPTY = '(empty)'
const REST = '(other)'

/** Columns of a history as dimensions of the pipeline, and back. */
export interface DimensionMap {
  /** By column of the history: the pipeline's dimension that carries it. */
  readonly dimensions: readonly string[]
  /** The pipeline's value of a column's value. */
  carry(value: string): string
  /** A cause in the pipeline's words, in the history's own columns and values. */
  back(cause: Readonly<Record<string, string>>): Record<string, string>
}

/** Finds a dimension of the pipeline for every column: by its name, by a usual other name, else any that is free. */
export function mapDimensions({ columns }: Pick<History, 'columns'>): DimensionMap | { message: string } {
  if (columns.length > FREE.length)
    return {
      message: `there are ${columns.length} dimensions (${columns.join(', ')}); at most ${FREE.length} can be judged. Leave some out.`,
    }
  const taken = new Map<string, number>()
  const own = columns.map((column) => {
    const name = column.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
    return (CAUSAL_DIMENSIONS as readonly string[]).includes(name) && name !== 'edge' ? name : ALIASES[name]
  })
  own.forEach((dimension, at) => {
    if (dimension !== undefined && !taken.has(dimension)) taken.set(dimension, at)
  })
  const dimensions = columns.map((_, at) => {
    const dimension = own[at]
    if (dimension !== undefined && taken.get(dimension) === at) return dimension
    const free = FREE.find((name) => !taken.has(name))!
    taken.set(free, at)
    return free
  })
  const columnOf = new Map(dimensions.map((dimension, at) => [dimension, columns[at]!]))
  return {
    dimensions,
    carry: (value) => (value === '' ? EMPTY : value === OTHER ? REST : value),
    back: (cause) =>
      Object.fromEntries(
        Object.entries(cause).map(([dimension, value]) => [
          columnOf.get(dimension) ?? dimension,
          value === EMPTY ? '' : value === REST ? OTHER : value,
        ]),
      ),
  }
}
