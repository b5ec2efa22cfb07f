import type { FieldSpec } from './field.ts'

/** A dimension: what a fact can be cut by. `budget` bounds the distinct values a tenant may bring in an hour. */
export interface DimensionSpec extends FieldSpec {
  readonly type: 'label' | 'text'
  /** Distinct values a tenant an hour; beyond it the value becomes `~other` (a fact says so). 0: not bounded. */
  readonly budget: number
  /** Who fills it: the client says it, or the collector knows better. */
  readonly from: 'client' | 'collector' | 'either'
  /** Whether localisation may name it as (part of) a cause. */
  readonly causal?: true
}

/**
 * Dimensions of every fact, in the order of the columns. `synthetic` and `weight` are beside them in
 * `schemas/envelope.ts`, since they are not text.
 */
export const DIMENSIONS = {
  tenant: {
    type: 'label',
    budget: 0,
    from: 'collector',
    help: 'Whose facts these are; the write key names it.',
  },
  app: {
    type: 'label',
    budget: 200,
    from: 'client',
    causal: true,
    help: 'The app a show is seen in; a show runs in many at once.',
  },
  show: { type: 'label', budget: 2_000, from: 'client', help: 'The event as the audience knows it.' },
  stream: {
    type: 'label',
    budget: 20_000,
    from: 'client',
    help: 'One encode of a show; CMCD calls it the content id (cid).',
  },
  session: { type: 'text', budget: 0, from: 'client', max_length: 64, help: 'One playback by one player.' },
  viewer: {
    type: 'text',
    budget: 0,
    from: 'client',
    max_length: 128,
    help: 'The person or device, hashed with the tenant’s salt before it is stored.',
  },
  cdn: {
    type: 'label',
    budget: 100,
    from: 'either',
    causal: true,
    help: 'The content delivery network that served it.',
  },
  edge: {
    type: 'label',
    budget: 5_000,
    from: 'either',
    causal: true,
    help: 'The edge server or point of presence.',
  },
  isp: {
    type: 'label',
    budget: 5_000,
    from: 'collector',
    causal: true,
    help: 'The viewer’s network operator, from the address or a trusted header.',
  },
  country: {
    type: 'label',
    budget: 300,
    from: 'collector',
    max_length: 8,
    causal: true,
    help: 'ISO 3166-1 code of the viewer’s country, from the address or a trusted header.',
  },
  region: {
    type: 'label',
    budget: 2_000,
    from: 'either',
    causal: true,
    help: 'Province or state; of a probe: where it looks from.',
  },
  network: {
    type: 'label',
    budget: 20,
    from: 'client',
    causal: true,
    help: 'Kind of access: wifi, ethernet, 5g, 4g, 3g, 2g.',
  },
  device: { type: 'label', budget: 2_000, from: 'either', causal: true, help: 'Kind or model of device.' },
  os: { type: 'label', budget: 200, from: 'either', causal: true, help: 'Operating system.' },
  container: {
    type: 'label',
    budget: 20,
    from: 'client',
    causal: true,
    help: 'Where the page runs: app, h5, weex, mini-program.',
  },
  component: {
    type: 'label',
    budget: 100,
    from: 'client',
    causal: true,
    help: 'The part of the room it concerns: room, red-packet, vote, … A session names the room’s own, an interaction its own.',
  },
  component_version: {
    type: 'label',
    budget: 300,
    from: 'client',
    causal: true,
    help: 'Version of that component; a release is compared by it (`firstframe canary`).',
  },
  player: {
    type: 'label',
    budget: 50,
    from: 'client',
    causal: true,
    help: 'The player: hls.js, dash.js, shaka, …',
  },
  player_version: {
    type: 'label',
    budget: 500,
    from: 'client',
    causal: true,
    help: 'Version of the player or of the app around it.',
  },
  protocol: {
    type: 'label',
    budget: 20,
    from: 'client',
    causal: true,
    help: 'How the media travels: hls, ll-hls, dash, http-flv, rtmp, webrtc.',
  },
  codec: {
    type: 'label',
    budget: 50,
    from: 'client',
    causal: true,
    help: 'Video codec of the rendition: h264, h265, av1, …',
  },
  rendition: {
    type: 'label',
    budget: 200,
    from: 'client',
    causal: true,
    help: 'The variant being played, by its name or its height.',
  },
  delivery: {
    type: 'label',
    budget: 10,
    from: 'client',
    causal: true,
    help: 'Where the bytes came from: cdn or p2p.',
  },
  source: {
    type: 'label',
    budget: 50,
    from: 'collector',
    help: 'What reported it: sdk, cmcd, probe, k6, ffmpeg, nginx-rtmp, srs, cdn-log, …',
  },
} as const satisfies Readonly<Record<string, DimensionSpec>>

export type Dimension = keyof typeof DIMENSIONS
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as Dimension[]

/** The dimensions that localisation may name in a cause. */
export const CAUSAL_DIMENSIONS = DIMENSION_NAMES.filter(
  (name) => (DIMENSIONS[name] as DimensionSpec).causal === true,
)

/** What a value beyond a dimension's budget becomes. */
export const OTHER = '~other'
