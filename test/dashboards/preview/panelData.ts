/** What a panel shows, ready to be drawn: the board's JSON and the answers to its queries, put together as Grafana does. */

export interface Threshold {
  readonly value: number | null
  readonly color: string
}

interface Base {
  readonly title: string
  readonly description: string
  readonly grid: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

export interface Series {
  readonly name: string
  /** ms and value, in order of time. */
  readonly points: readonly (readonly [number, number | null])[]
}

export interface Cell {
  readonly text: string
  readonly color?: string
  readonly link?: boolean
}

export interface StateRow {
  readonly name: string
  readonly spans: readonly {
    readonly from_ms: number
    readonly to_ms: number
    readonly text: string
    readonly color?: string
  }[]
}

export type PreviewPanel = Base &
  (
    | { readonly type: 'row' }
    | {
        readonly type: 'stat'
        readonly text: string
        readonly color: string
        readonly spark: Series['points']
      }
    | {
        readonly type: 'lines'
        readonly unit: string
        readonly decimals?: number
        readonly stacked: boolean
        readonly fill: number
        readonly min?: number
        readonly max?: number
        readonly softMin?: number
        readonly softMax?: number
        readonly bars: boolean
        /** Colours that are a verdict, by series. */
        readonly colors: Readonly<Record<string, string>>
        readonly legend: boolean
        /** What is said when there is no series. */
        readonly none: string
        readonly thresholds: readonly Threshold[]
        readonly gap_ms: number
        readonly series: readonly Series[]
      }
    | {
        readonly type: 'table'
        readonly columns: readonly {
          readonly name: string
          readonly number: boolean
          readonly width?: number
        }[]
        readonly rows: readonly (readonly Cell[])[]
      }
    | {
        readonly type: 'bars'
        readonly unit: string
        readonly stacked: boolean
        readonly names: readonly string[]
        readonly bars: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
      }
    | { readonly type: 'states'; readonly rows: readonly StateRow[] }
    | { readonly type: 'failed'; readonly message: string }
  )

export interface PreviewBoard {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly from_ms: number
  readonly to_ms: number
  readonly variables: readonly (readonly [string, string])[]
  readonly panels: readonly PreviewPanel[]
  /** Incidents drawn over the lines. */
  readonly incidents: readonly { readonly from_ms: number; readonly to_ms: number; readonly text: string }[]
}
