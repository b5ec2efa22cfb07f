/** Variables of the boards that narrow a query, in the order in which one decides the next one's values. */
export const FILTERS = ['stream', 'app', 'cdn'] as const
export type Filter = (typeof FILTERS)[number]

/** `tenant` and `show` are always chosen; the others may be All, and then they cost nothing. */
export function scope(columns: readonly string[], filters: readonly Filter[] = FILTERS): string[] {
  return [
    'tenant = ${tenant:sqlstring}',
    'show = ${show:sqlstring}',
    ...filters
      .filter((name) => columns.includes(name) || name === 'stream')
      .map((name) => `$__conditionalAll(${name} IN (\${${name}:sqlstring}), $${name})`),
  ]
}
