type Values = Readonly<Record<string, unknown>>

/** A JSON object in a body, or undefined. */
export function readObject(body: Buffer | string): Values | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Values)
      : undefined
  } catch {
    return undefined
  }
}

/** A member that is an object itself; else an empty one. */
export function objectIn(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}
}

/** Text of a member. Servers write ids as numbers, too: `client_id: 1985`. */
export const textIn = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : ''

/** Whether a member says yes: `true`, `1`, `"true"`, `"1"`. */
export const yesIn = (value: unknown): boolean =>
  value === true || value === 1 || (typeof value === 'string' && /^(true|1|yes|on)$/i.test(value.trim()))

/**
 * A member of an object of protobuf's JSON form, whose names are written as in the definition or in camelCase
 * (`created_at` or `createdAt`).
 */
export function memberOf(values: Values, name: string): unknown {
  if (Object.hasOwn(values, name)) return values[name]
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return Object.hasOwn(values, camel) ? values[camel] : undefined
}
