import { objectIn, textIn } from '../readJson.ts'

type Values = Readonly<Record<string, unknown>>

/** Objects in a list; an empty list where there is none. */
export const listIn = (value: unknown): readonly Values[] => (Array.isArray(value) ? value.map(objectIn) : [])

/** A value of OTLP's JSON form: `{ stringValue }`, `{ intValue: "200" }`, `{ doubleValue }`, `{ boolValue }`. */
function anyValue(value: Values): string {
  for (const name of ['stringValue', 'intValue', 'doubleValue'])
    if (value[name] !== undefined) return textIn(value[name])
  return typeof value.boolValue === 'boolean' ? String(value.boolValue) : ''
}

/** Attributes by their keys; the first of a key counts. */
export function attributesOf(value: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const each of listIn(value)) {
    const key = textIn(each.key)
    if (key !== '' && !attributes.has(key)) attributes.set(key, anyValue(objectIn(each.value)))
  }
  return attributes
}

/** The first of several attributes that is there; semantic conventions renamed many. */
export const firstOf = (attributes: ReadonlyMap<string, string>, names: readonly string[]): string =>
  names.map((name) => attributes.get(name) ?? '').find((text) => text !== '') ?? ''

/** A time in nanoseconds since the epoch, as text or number, in ms; undefined where it is none. */
export function nanoTime_ms(value: unknown): number | undefined {
  const text = textIn(value)
  if (!/^\d{1,20}$/.test(text)) return undefined
  // Text keeps what a double cannot: microseconds of a request that took one millisecond.
  const ns = BigInt(text)
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
}
