import type { Refusal } from '../../schemas/reasons.ts'
import { CMCD_KEYS, type CmcdKey, type CmcdKeySpec } from './keys.ts'

/** One value; of a list also what kind of object it is about (`v`, `a`, …). */
export interface CmcdItem {
  readonly value: number | string | boolean
  readonly about?: string
}

type Scalar = number | string | boolean

/** A record as its keys' types say; keys with the wrong type are in `dropped`. */
export interface CmcdRecord {
  readonly values: { readonly [K in CmcdKey]?: Scalar | readonly CmcdItem[] }
  /** Hyphenated keys, and keys that no version knows. */
  readonly custom: Readonly<Record<string, Scalar>>
  readonly dropped: readonly string[]
}

const KEYS: ReadonlyMap<string, CmcdKeySpec> = new Map(Object.entries(CMCD_KEYS))
/** Characters of a key, and characters that end a bare value, by their code. */
const IN_KEY = new Uint8Array(128)
for (const unit of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*-')
  IN_KEY[unit.charCodeAt(0)] = 1
const ENDS_VALUE = new Uint8Array(128)
for (const unit of ',;() ') ENDS_VALUE[unit.charCodeAt(0)] = 1
const CUSTOM_LENGTH = 64
const CUSTOM_KEYS = 32

class Malformed extends Error {}

/** Reads one record: structured-field syntax, as leniently as players write it. */
class Reader {
  private at = 0
  private readonly text: string
  constructor(text: string) {
    this.text = text
  }
  get done(): boolean {
    this.blanks()
    return this.at >= this.text.length
  }
  key(): string {
    this.blanks()
    const start = this.at
    while (this.at < this.text.length && IN_KEY[this.text.charCodeAt(this.at)] === 1) this.at += 1
    if (this.at === start) throw new Malformed(`no key at ${start}`)
    return this.text.slice(start, this.at)
  }
  /** A key without a value is true. */
  value(): Scalar | CmcdItem[] {
    if (!this.took('=')) return true
    if (this.took('(')) return this.list()
    return this.item().value
  }
  /** Between two entries; false at the end. */
  comma(): boolean {
    if (this.done) return false
    if (!this.took(',')) throw new Malformed(`no comma at ${this.at}`)
    return !this.done
  }
  private list(): CmcdItem[] {
    const items: CmcdItem[] = []
    for (;;) {
      this.blanks()
      if (this.took(')')) return items
      if (this.at >= this.text.length) throw new Malformed('a list is not closed')
      items.push(this.item())
    }
  }
  private item(): CmcdItem {
    const value = this.scalar()
    let about: string | undefined
    while (this.took(';')) {
      const name = this.key()
      if (this.took('=')) this.scalar()
      about ??= name
    }
    return about === undefined ? { value } : { value, about }
  }
  private scalar(): Scalar {
    if (this.text[this.at] === '"') return this.quoted()
    const start = this.at
    while (this.at < this.text.length && ENDS_VALUE[this.text.charCodeAt(this.at)] !== 1) this.at += 1
    const word = this.text.slice(start, this.at)
    if (word === '') throw new Malformed(`no value at ${start}`)
    if (word === '?1') return true
    if (word === '?0') return false
    const first = word.charCodeAt(0)
    if (first === 45 || (first >= 48 && first <= 57)) {
      const number = Number(word)
      if (Number.isFinite(number)) return number
    }
    return word
  }
  private quoted(): string {
    let text = ''
    let from = this.at + 1
    for (let at = from; at < this.text.length; at += 1) {
      const unit = this.text[at]
      if (unit === '\\') {
        text += this.text.slice(from, at)
        from = at + 1
        at += 1
      } else if (unit === '"') {
        this.at = at + 1
        return text + this.text.slice(from, at)
      }
    }
    throw new Malformed('a string is not closed')
  }
  private took(mark: string): boolean {
    if (this.text[this.at] !== mark) return false
    this.at += 1
    return true
  }
  private blanks(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at += 1
  }
}

const fits = (type: CmcdKeySpec['type'], value: Scalar): boolean =>
  type === 'boolean'
    ? typeof value === 'boolean'
    : type === 'integer' || type === 'decimal'
      ? typeof value === 'number'
      : typeof value === 'string'

/** A value in the type its key has, or undefined. A single value where a list is meant is a list of one. */
function typed(spec: CmcdKeySpec, value: Scalar | CmcdItem[]): Scalar | CmcdItem[] | undefined {
  if (spec.list) {
    const items = Array.isArray(value) ? value : [{ value }]
    return items.length > 0 && items.every((item) => fits(spec.type, item.value)) ? items : undefined
  }
  // A list of one where a single value is meant is that value.
  const single = Array.isArray(value) ? (value.length === 1 ? value[0]!.value : undefined) : value
  if (single === undefined) return undefined
  if (fits(spec.type, single)) return single
  // Players write `sid` and `cid` of digits without quotes, and `bs=1`.
  if (spec.type === 'string' && typeof single === 'number') return String(single)
  return spec.type === 'boolean' && (single === 1 || single === 0) ? single === 1 : undefined
}

/** One line of a report, a query argument (percent-decoded) or the joined headers → a record, or why it is none. */
export function decodeCmcd(line: string): CmcdRecord | Refusal {
  const reader = new Reader(line)
  const values: Record<string, Scalar | CmcdItem[]> = {}
  const custom: Record<string, Scalar> = Object.create(null)
  const dropped: string[] = []
  let customs = 0
  try {
    if (reader.done) return { code: 'bad_cmcd', detail: 'the record is empty' }
    do {
      const name = reader.key()
      const value = reader.value()
      const spec = KEYS.get(name)
      if (spec !== undefined) {
        const right = typed(spec, value)
        if (right === undefined) dropped.push(name)
        else values[name] = right
      } else if (Array.isArray(value) || String(value).length > CUSTOM_LENGTH || customs >= CUSTOM_KEYS)
        dropped.push(name)
      else {
        custom[name] = value
        customs += 1
      }
    } while (reader.comma())
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { code: 'bad_cmcd', detail: error.message }
  }
  return { values, custom, dropped }
}

/** The number of a key: of a list the item about video, else the first. */
export function numberOf(record: CmcdRecord, key: CmcdKey): number | undefined {
  const value = record.values[key]
  if (typeof value === 'number') return value
  if (value === undefined || typeof value !== 'object') return undefined
  const item = value.find(({ about }) => about === 'v') ?? value[0]
  return typeof item?.value === 'number' ? item.value : undefined
}

/** The text of a key: of a list the first. */
export function textOf(record: CmcdRecord, key: CmcdKey): string | undefined {
  const value = record.values[key]
  if (typeof value === 'string') return value
  if (value === undefined || typeof value !== 'object') return undefined
  return typeof value[0]?.value === 'string' ? value[0].value : undefined
}

/** Whether a record states the boolean key; a key that is absent is false. */
export const flagOf = (record: CmcdRecord, key: CmcdKey): boolean => record.values[key] === true
