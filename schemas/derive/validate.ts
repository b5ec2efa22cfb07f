import { CLIENT_FIELDS } from '../envelope.ts'
import { type FieldSpec, type Fields, isNumeric, maxLengthOf, rangeOf } from '../field.ts'
import { KIND_NAMES, KINDS, type Kind } from '../kinds/kinds.ts'
import type { Reason, Refusal } from '../reasons.ts'

/** Checks one object; undefined means that it may be taken. */
export type Validator = (value: object) => Refusal | undefined

/** What an event says about itself besides its fields; `kind` is looked up by whoever chooses the validator. */
const EVENT_FIELDS = {
  kind: { type: 'text', help: '' },
  seq: { type: 'u32', help: '' },
  time_ms: { type: 'time', min: -8.64e15, help: '' },
} as const satisfies Fields

const SHOWN = 40

/** The refusal of a value, with the field and the beginning of what came. */
function refusalOf(code: Reason, field: string, value: unknown): Refusal {
  if (code === 'missing_field') return { code, detail: field }
  const text = typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : String(value)
  return { code, detail: `${field}: ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}` }
}

/** The code that checks `v`, which is neither undefined nor null. */
function checkOf(name: string, field: FieldSpec): string {
  const refuse = (code: Reason): string => `return refuse('${code}', '${name}', v)`
  if (name === 'time_ms') return `if (typeof v !== 'number' || v !== v) ${refuse('bad_time')}`
  if (field.type === 'flag') return `if (typeof v !== 'boolean') ${refuse('wrong_type')}`
  if (isNumeric(field)) {
    const { min, max } = rangeOf(field)
    const whole = field.type === 'u64' ? `; if (v % 1 !== 0) ${refuse('wrong_type')}` : ''
    return `if (typeof v !== 'number') ${refuse('wrong_type')}; if (!(v >= ${min} && v <= ${max})) ${refuse('out_of_range')}${whole}`
  }
  const checks = [
    `if (typeof v !== 'string') ${refuse('wrong_type')}`,
    `if (v.length > ${maxLengthOf(field)}) ${refuse('too_long')}`,
  ]
  const allowed = field.values?.filter((value) => value !== '')
  // The empty text is a label that is not there.
  if (allowed !== undefined) checks.push(`if (v !== '' && !values.${name}.has(v)) ${refuse('out_of_range')}`)
  if (field.required) checks.push(`if (v === '') ${refuse('missing_field')}`)
  return checks.join('; ')
}

/**
 * Writes the checks of all fields as one function: every known field is looked at once by its name, and when the
 * object has more keys than were found, the one that is not known is named. Keys like `__proto__` and `constructor`
 * are keys like any other, since none is a field.
 */
function compile(fields: Fields): Validator {
  const known = new Set(Object.keys(fields))
  const values = Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => (field.values ? [[name, new Set(field.values)]] : [])),
  )
  // Also called when known keys are undefined, which JSON never makes; those are missing.
  const unknown = (value: object): Refusal | undefined => {
    const name = Object.keys(value).find((key) => !known.has(key))
    return name === undefined ? undefined : { code: 'unknown_field', detail: name.slice(0, SHOWN) }
  }
  const lines = Object.entries(fields).map(([name, field]) => {
    const missing = field.required ? `return refuse('missing_field', '${name}')` : ''
    return `v = e.${name}; if (v !== undefined) { n++; if (v !== null) { ${checkOf(name, field)} } ${missing && `else ${missing}`} } ${missing && `else ${missing}`}`
  })
  const code = `return function validate(e) {
    let n = 0, v
    ${lines.join('\n    ')}
    for (const _ in e) n--
    if (n !== 0) return unknown(e)
  }`
  return new Function('values', 'unknown', 'refuse', code)(values, unknown, refusalOf)
}

const events = new Map<Kind, Validator>(
  KIND_NAMES.map((kind) => [kind, compile({ ...EVENT_FIELDS, ...CLIENT_FIELDS, ...KINDS[kind].fields })]),
)
const context = compile(CLIENT_FIELDS)

/**
 * Checks one event of a beacon: the fields of its kind, what of the context it overrides, `seq` and `time_ms`.
 * `null` and the empty text mean that a value is missing. The refusal's detail names the field and what came.
 */
export const validateEvent = (kind: Kind, event: object): Refusal | undefined => events.get(kind)!(event)

/** The validator of one kind, to call many times. */
export const validatorOf = (kind: Kind): Validator => events.get(kind)!

/** Checks a beacon's `context`. */
export const validateContext: Validator = context
