const PROTOCOLS: readonly [RegExp, string][] = [
  [/\.m3u8(\?|$)/i, 'hls'],
  [/\.mpd(\?|$)/i, 'dash'],
  [/\.flv(\?|$)/i, 'http-flv'],
]

/** The dimension `protocol` that an address names by its ending. */
export const protocolOf = (url: string): string | undefined =>
  PROTOCOLS.find(([pattern]) => pattern.test(url))?.[1]
