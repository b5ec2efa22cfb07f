/** How much a counter grew; undefined when it is unknown or began again. */
export function increase(now: number | undefined, before: number | undefined): number | undefined {
  if (now === undefined || before === undefined || now < before) return undefined
  return now - before
}

/** Bytes over a time as kbps; undefined when either is unknown. */
export function kbpsOf(bytes: number | undefined, interval_ms: number): number | undefined {
  return bytes === undefined || interval_ms <= 0 ? undefined : (bytes * 8) / interval_ms
}

/** A count over a time, a second. */
export function perSecond(count: number | undefined, interval_ms: number): number | undefined {
  return count === undefined || interval_ms <= 0 ? undefined : (count * 1000) / interval_ms
}

type Known<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> }

/** The object without the fields nobody knows, so that they are missing and not zero. */
export function known<T extends object>(fields: T): Known<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && !Number.isNaN(value)),
  ) as Known<T>
}

/** A number, also as text; undefined for what is none (`N/A`, empty). */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}
