/** How the value x of a metric becomes a factor between 0 (nothing left) and 1 (perfect) of an experience score. */
export type Curve =
  /** half ÷ (half + x − free), and 1 up to `free`: what waiting costs (Mux's startup score: half 8 s, free 0). */
  | { readonly type: 'wait'; readonly half: number; readonly free: number }
  /** e^(−rate × x) (Mux's smoothness, of the stall ratio: rate 10). */
  | { readonly type: 'decay'; readonly rate: number }
  /** 1 ÷ √(1 + (x ÷ half)²) (Mux's smoothness, of the number of stalls: half 2). */
  | { readonly type: 'repeats'; readonly half: number }
  /** 1 − loss × x. */
  | { readonly type: 'loss'; readonly loss: number }
  /** x itself, a share. */
  | { readonly type: 'share' }

/** A metric and the curve that makes a factor of it. */
export interface Factor<Of extends string = string> {
  readonly of: Of
  readonly curve: Curve
}

/** The factor that a curve makes of a value, 0 to 1. */
export function bend(curve: Curve, x: number): number {
  switch (curve.type) {
    case 'wait':
      return curve.half / (curve.half + Math.max(0, x - curve.free))
    case 'decay':
      return Math.exp(-curve.rate * Math.max(0, x))
    case 'repeats':
      return 1 / Math.sqrt(1 + (x / curve.half) ** 2)
    case 'loss':
      return Math.max(0, 1 - curve.loss * x)
    case 'share':
      return Math.min(1, Math.max(0, x))
  }
}

/** The same as a ClickHouse expression; `x` is a call, and never null. */
export function bendSql(curve: Curve, x: string): string {
  switch (curve.type) {
    case 'wait':
      return `${curve.half} / (${curve.half} + greatest(0, ${x}${curve.free === 0 ? '' : ` - ${curve.free}`}))`
    case 'decay':
      return `exp(-${curve.rate} * greatest(0, ${x}))`
    case 'repeats':
      return `1 / sqrt(1 + pow(${x} / ${curve.half}, 2))`
    case 'loss':
      return `greatest(0, 1 - ${curve.loss === 1 ? '' : `${curve.loss} * `}${x})`
    case 'share':
      return `least(1, greatest(0, ${x}))`
  }
}
