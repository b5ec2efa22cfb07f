/** How a key's value is written: see CTA-5004-B. */
export type CmcdType = 'integer' | 'decimal' | 'boolean' | 'token' | 'string'

export interface CmcdKeySpec {
  readonly type: CmcdType
  /** A list in version 2, its items told apart by object type (`;v`, `;a`); version 1 has a single value. */
  readonly list?: true
  readonly unit?: 'kbps' | 'ms'
  /** Only in reports of an event; `rr`: only of the event that tells of a response. Otherwise in requests too. */
  readonly only?: 'event' | 'rr'
  /** In version 1 too. */
  readonly v1?: true
  readonly help: string
}

const kbps = (help: string, more?: { v1: true }) =>
  ({ type: 'integer', list: true, unit: 'kbps', help, ...more }) as const
const lengths = (help: string, more?: { v1: true }) =>
  ({ type: 'integer', list: true, unit: 'ms', help, ...more }) as const
const ms = (help: string, more?: { v1?: true; only?: 'event' | 'rr' }) =>
  ({ type: 'integer', unit: 'ms', help, ...more }) as const

/** The 49 keys of CMCD version 2 (CTA-5004-B), as data; the 17 of version 1 that live on are marked. */
export const CMCD_KEYS = {
  ab: kbps('Aggregate bitrate of what is being asked for.'),
  bg: { type: 'boolean', help: 'The player is in the background.' },
  bl: lengths('Buffer length.', { v1: true }),
  br: kbps('Encoded bitrate.', { v1: true }),
  bs: { type: 'boolean', v1: true, help: 'The buffer ran empty since the previous report.' },
  bsa: { type: 'integer', list: true, help: 'How often the buffer has run empty in the session.' },
  bsd: lengths('How long the buffer was empty since the previous report.'),
  bsda: lengths('How long the buffer has been empty in the session.'),
  cen: { type: 'string', only: 'event', help: 'Name of a custom event.' },
  cid: { type: 'string', v1: true, help: 'Content id: the stream.' },
  cmsdd: { type: 'string', only: 'rr', help: 'CMSD dynamic header of the response.' },
  cmsds: { type: 'string', only: 'rr', help: 'CMSD static header of the response.' },
  cs: { type: 'string', help: 'Content signature.' },
  d: ms('Duration of the object.', { v1: true }),
  dfa: { type: 'integer', help: 'Frames dropped in the session.' },
  dl: ms('Deadline until the buffer is empty.', { v1: true }),
  e: { type: 'token', only: 'event', help: 'The event.' },
  ec: { type: 'string', list: true, help: 'Error codes of the player.' },
  h: { type: 'string', only: 'event', help: 'Host name.' },
  lab: kbps('Lowest aggregate bitrate there is.'),
  lb: kbps('Lowest bitrate there is.'),
  ltc: ms('Live latency.'),
  msd: ms('Media start delay: from the request to play until it played.'),
  mtp: kbps('Measured throughput.', { v1: true }),
  nor: { type: 'string', list: true, v1: true, help: 'The objects asked for next.' },
  nr: { type: 'boolean', help: 'The content has no renditions to choose from.' },
  ot: { type: 'token', v1: true, help: 'Type of object.' },
  pb: kbps('Playhead bitrate.'),
  pr: { type: 'decimal', v1: true, help: 'Playback rate.' },
  pt: ms('Playhead time.'),
  rc: { type: 'integer', only: 'rr', help: 'Status of the response.' },
  rtp: { type: 'integer', unit: 'kbps', v1: true, help: 'Throughput asked of the server.' },
  sf: { type: 'token', v1: true, help: 'Streaming format.' },
  sid: { type: 'string', v1: true, help: 'Session.' },
  smrt: { type: 'string', only: 'rr', help: 'Streaming media response tracing.' },
  sn: { type: 'integer', help: 'Counts the reports of a mode and target.' },
  st: { type: 'token', v1: true, help: 'Type of stream: live or not.' },
  sta: { type: 'token', help: 'State of the player.' },
  su: { type: 'boolean', v1: true, help: 'The object is wanted urgently: start, seek or empty buffer.' },
  tab: kbps('Highest aggregate bitrate there is.'),
  tb: kbps('Highest bitrate there is.', { v1: true }),
  tbl: lengths('Buffer length aimed at.'),
  tpb: kbps('Highest bitrate that may be played.'),
  ts: ms('When the event was, since 1970.', { only: 'event' }),
  ttfb: ms('Time to the first byte.', { only: 'rr' }),
  ttfbb: ms('Time to the first byte of the body.', { only: 'rr' }),
  ttlb: ms('Time to the last byte.', { only: 'rr' }),
  url: { type: 'string', only: 'rr', help: 'What was asked for.' },
  v: { type: 'integer', v1: true, help: 'Version of CMCD.' },
} as const satisfies Readonly<Record<string, CmcdKeySpec>>

export type CmcdKey = keyof typeof CMCD_KEYS

/** The events of version 2. */
export const CMCD_EVENTS = {
  abs: 'ad break starts',
  abe: 'ad break ends',
  ae: 'ad ends',
  as: 'ad starts',
  b: 'background mode',
  bc: 'bitrate changed',
  c: 'content id changed',
  ce: 'custom event',
  e: 'error',
  h: 'host name',
  m: 'muted',
  pc: 'player collapsed',
  pe: 'player expanded',
  pr: 'playback rate changed',
  ps: 'play state changed',
  rr: 'response received',
  sk: 'ad skipped',
  t: 'interval',
  um: 'unmuted',
} as const

/** `sta`: what a player is doing, in the catalogue's words. */
export const PLAYER_STATES: Readonly<Record<string, string>> = {
  d: 'starting',
  s: 'starting',
  p: 'playing',
  k: 'seeking',
  r: 'stalled',
  w: 'stalled',
  a: 'paused',
  e: 'ended',
  q: 'ended',
  f: 'failed',
}

/** `sf`: streaming format → the dimension `protocol`. */
export const FORMATS: Readonly<Record<string, string>> = { d: 'dash', h: 'hls', s: 'smooth', e: 'hesp' }
