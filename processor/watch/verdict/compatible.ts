import type { Where } from '../windows/view.ts'

/** Whether a cause names no place. */
export const isEverywhere = (cause: Where): boolean => Object.keys(cause).length === 0

/** Two scopes can be one: they agree on something and contradict each other in nothing, or one is everywhere. */
export function compatible(a: Where, b: Where): boolean {
  if (isEverywhere(a) || isEverywhere(b)) return true
  let agree = false
  for (const [name, value] of Object.entries(a)) {
    if (!(name in b)) continue
    if (b[name] !== value) return false
    agree = true
  }
  return agree
}

/** Whether `inner` is `outer` or a part of it. */
export const within = (inner: Where, outer: Where): boolean =>
  Object.entries(outer).every(([name, value]) => inner[name] === value)

/** Whether two causes name the same place. */
export const sameCause = (a: Where, b: Where): boolean => within(a, b) && within(b, a)

/** Two scopes name different values of the same dimension. */
export const contradict = (a: Where, b: Where): boolean =>
  Object.entries(a).some(([name, value]) => name in b && b[name] !== value)
