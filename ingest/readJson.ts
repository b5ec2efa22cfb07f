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

/**
 * A JSON object in a body in which no name stands twice, or undefined. Of equal names one parser takes the first and
 * another the last: an encoder that can write a second one would choose what we read.
 */
export function readUnambiguous(body: Buffer): Values | undefined {
  const text = body.toString()
  const value = readObject(text)
  return value === undefined || repeatsName(text) ? undefined : value
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g

/** Whether a name stands twice in the outermost object of a text that is JSON. */
function repeatsName(text: string): boolean {
  const names = new Set<string>()
  let depth = 0
  let name = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token !== ':') name = token
    else if (depth === 1) {
      // Two spellings of one name are equal: `\u0061ction`.
      const plain = JSON.parse(name) as string
      if (names.has(plain)) return true
      names.add(plain)
    }
  }
  return false
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
