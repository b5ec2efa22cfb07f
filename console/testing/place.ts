/** Where a fault strikes: every value named must fit. */
export type Place = Readonly<Partial<Record<'cdn' | 'region' | 'isp' | 'app', string>>>

export const CDNS = ['cdn-a', 'cdn-b', 'cdn-c'] as const
