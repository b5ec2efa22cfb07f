/** The forms of settings: each is a TypeBox schema with its description; `more` narrows it. */
import {
  type ArrayOptions,
  type NumberOptions,
  type ObjectOptions,
  type StringOptions,
  type TLiteral,
  type TProperties,
  Type,
} from '@sinclair/typebox'

/** Never printed, and never written into a generated example. */
export const secret = { secret: true } as const

/** A mapping that takes these fields only. */
export const fieldsOnly = <T extends TProperties>(fields: T, more: ObjectOptions = {}) =>
  Type.Object(fields, { additionalProperties: false, ...more })

/** A part of the configuration; left out, its fields have their defaults. */
export const section = <T extends TProperties>(fields: T) => fieldsOnly(fields, { default: {} })

/** A text that may be left out: ''. */
export const text = (description: string, more: StringOptions = {}) =>
  Type.String({ default: '', ...more, description })

/** A text that has no default. */
export const ownText = (description: string, more: StringOptions = {}) =>
  Type.String({ ...more, description })

/** A list of texts that may be left out: []. */
export const texts = (description: string, more: ArrayOptions = {}) =>
  Type.Array(Type.String(), { default: [], ...more, description })

/** A list of texts that are undefined when left out. `each` narrows the texts. */
export const ownTexts = (description: string, each: StringOptions = {}) =>
  Type.Optional(Type.Array(Type.String(each), { description }))

/** One of some words. */
export const oneOf = <const T extends string>(
  words: readonly T[],
  description: string,
  more: { readonly default?: T } = {},
) =>
  Type.Union(
    words.map((word): TLiteral<T> => Type.Literal(word)),
    { ...more, description },
  )

export const flag = (standard: boolean, description: string) =>
  Type.Boolean({ default: standard, description })

export const whole = (description: string, more: NumberOptions = {}) => Type.Integer({ ...more, description })

export const number = (description: string, more: NumberOptions = {}) => Type.Number({ ...more, description })

export const port = (standard: number, description: string) =>
  whole(description, { minimum: 0, maximum: 65_535, default: standard })

export const bytes = (standard: number, description: string) =>
  whole(description, { minimum: 1 << 20, default: standard })

/** A list of mappings whose fields another part of the program reads. */
export const mappings = (description: string) =>
  Type.Array(Type.Record(Type.String(), Type.Unknown()), { default: [], description })
