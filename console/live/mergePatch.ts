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

/** Sets a name as the object's own, `__proto__` too: names come from whoever reports. */
function setOwn<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  else target[name] = value
}
const own = (target: Record<string, Json | undefined>, name: string): Json | undefined =>
  Object.hasOwn(target, name) ? target[name] : undefined

/**
 * The JSON merge patch (RFC 7396) that makes `from` into `to`, or undefined when they are equal.
 * A null within objects means "not there", as the RFC has it, so neither may hold one.
 */
export function diff(from: unknown, to: unknown): Json | undefined {
  if (!isObject(from) || !isObject(to)) return same(from, to) ? undefined : (to as Json)
  const patch: Record<string, Json> = {}
  for (const name of Object.keys(from))
    if (own(to, name) === undefined && own(from, name) !== undefined) setOwn<Json>(patch, name, null)
  for (const [name, value] of Object.entries(to)) {
    if (value === undefined) continue
    const before = own(from, name)
    const change = before === undefined ? value : diff(before, value)
    if (change !== undefined) setOwn<Json>(patch, name, change)
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Applies a merge patch; what did not change stays the same object. */
export function merge<T>(target: T, patch: unknown): T {
  if (!isObject(patch)) return patch as T
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else
      setOwn(
        result,
        name,
        isObject(value) ? merge(Object.hasOwn(result, name) ? result[name] : undefined, value) : value,
      )
  }
  return result as T
}
