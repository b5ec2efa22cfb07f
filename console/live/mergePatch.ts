export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined }

const isObject = (value: unknown): value is Record<string, Json | undefined> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))

/**
 * The JSON merge patch (RFC 7396) that makes `from` into `to`, or undefined when they are equal.
 * A null within objects means "not there", as the RFC has it, so neither may hold one.
 */
export function diff(from: unknown, to: unknown): Json | undefined {
  if (!isObject(from) || !isObject(to)) return same(from, to) ? undefined : (to as Json)
  const patch: Record<string, Json> = {}
  for (const name of Object.keys(from))
    if (to[name] === undefined && from[name] !== undefined) patch[name] = null
  for (const [name, value] of Object.entries(to)) {
    if (value === undefined) continue
    const change = from[name] === undefined ? value : diff(from[name], value)
    if (change !== undefined) patch[name] = change
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Applies a merge patch; what did not change stays the same object. */
export function merge<T>(target: T, patch: unknown): T {
  if (!isObject(patch)) return patch as T
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = isObject(value) ? merge(result[name], value) : value
  }
  return result as T
}
