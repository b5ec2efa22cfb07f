/**
 * How a field is declared. Everything else (types, validators, Arrow and ClickHouse columns, the dictionary)
 * follows from these declarations by the functions in `schemas/derive/`.
 */

/**
 * - `label`: text with few values; dictionary-encoded (Arrow Dictionary, ClickHouse LowCardinality)
 * - `text`: text with many values
 * - `flag`: true or false
 * - `u8` … `f64`: numbers; integers are refused when they have a fraction only where `u64` (bytes) is declared, else rounded
 * - `time`: an instant, ms since the epoch, UTC
 */
export type FieldType =
  | 'label'
  | 'text'
  | 'flag'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i32'
  | 'f32'
  | 'f64'
  | 'time'

export interface FieldSpec {
  readonly type: FieldType
  /** What it means, in one sentence for the dictionary. */
  readonly help: string
  /** A physical unit as a person would write it: ms, kbps, fps, bytes, ratio. The name ends in it. */
  readonly unit?: string
  /** A label may be one of these only. */
  readonly values?: readonly string[]
  /** An event without it is refused. */
  readonly required?: true
  /**
   * What a missing number becomes. `zero` for what is counted (nothing happened), `null` for what is measured
   * (nobody looked). Default: `null`.
   */
  readonly missing?: 'zero' | 'null'
  /** Inclusive range; beyond it the event is refused `out_of_range`. Numbers default to 0 … the type's largest. */
  readonly min?: number
  readonly max?: number
  /**
   * The most that a player can honestly count in a second. A player whose number is larger is doubted (`collector/trust`), so that one
   * forged row cannot outweigh an audience.
   */
  readonly believed_per_s?: number
  /** Longest text taken; beyond it the event is refused. Defaults: label 128, text 1024. */
  readonly max_length?: number
  /** ClickHouse codec, where the measured best differs from the default `ZSTD(1)`. */
  readonly codec?: string
}

export type Fields = Readonly<Record<string, FieldSpec>>

/** The TypeScript type of a declared field's value on the wire. */
export type ValueOf<F extends FieldSpec> = F extends { values: readonly (infer V)[] }
  ? V
  : F['type'] extends 'label' | 'text'
    ? string
    : F['type'] extends 'flag'
      ? boolean
      : number

type RequiredNames<T extends Fields> = {
  [K in keyof T]: T[K] extends { required: true } ? K : never
}[keyof T]

/** The TypeScript type of an object with these fields: required ones present, the others optional. */
export type Static<T extends Fields> = { readonly [K in RequiredNames<T>]: ValueOf<T[K]> } & {
  readonly [K in Exclude<keyof T, RequiredNames<T>>]?: ValueOf<T[K]>
}

const LARGEST: Partial<Record<FieldType, number>> = {
  u8: 255,
  u16: 65_535,
  u32: 4_294_967_295,
  u64: Number.MAX_SAFE_INTEGER,
  i32: 2_147_483_647,
  f32: 3.4e38,
  f64: Number.MAX_VALUE,
  time: 8.64e15,
}

/** The inclusive range of a numeric field. */
export function rangeOf(field: FieldSpec): { min: number; max: number } {
  const largest = LARGEST[field.type] ?? Number.MAX_VALUE
  return { min: field.min ?? (field.type === 'i32' ? -largest - 1 : 0), max: field.max ?? largest }
}

/** Whether a field holds numbers. */
export const isNumeric = (field: FieldSpec): boolean => field.type in LARGEST

/** The most characters that a text field takes. */
export const maxLengthOf = (field: FieldSpec): number =>
  field.max_length ?? (field.type === 'text' ? 1024 : 128)
