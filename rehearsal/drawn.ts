/** Dimensions of a viewer that are drawn when one sits down, with the column they go to. */
export const DRAWN = [
  'app',
  'cdn',
  'region',
  'isp',
  'device',
  'rendition',
  'player_version',
  'network',
] as const
export type Drawn = (typeof DRAWN)[number]
