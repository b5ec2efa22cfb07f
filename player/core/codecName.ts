const NAMES: readonly [RegExp, string][] = [
  [/avc|h\.?264/i, 'h264'],
  [/hvc|hev|dvh|h\.?265/i, 'h265'],
  [/av01|av1/i, 'av1'],
  [/vp0?9/i, 'vp9'],
  [/vvc|vvi/i, 'h266'],
  [/mp4a|aac/i, 'aac'],
  [/opus/i, 'opus'],
]

/** The dimension `codec` of an RFC 6381 string: `avc1.64001f,mp4a.40.2` is `h264`. */
export const codecName = (codec: string | undefined): string | undefined =>
  NAMES.find(([pattern]) => pattern.test(codec ?? ''))?.[1]
