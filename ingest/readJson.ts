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

/** A part of an object that is one itself; else an empty one. */
export function objectIn(value: unknown): Values {
  return typeof value === 'object' && value !== null ? (value as Values) : {}
}

export const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')
