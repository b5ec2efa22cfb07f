import type { BeaconEvent } from '../../schemas/beacon.ts'
import { CDNS, type Place } from './place.ts'

/** What the hops before the player, and a prize pool, report in one second. */
export function linkEvents(options: {
  readonly show: string
  readonly stream: string
  readonly now_ms: number
  readonly viewers: number
  readonly broken: Place | undefined
  readonly about: (middle: number, part?: number) => number
  readonly regions: readonly string[]
}): BeaconEvent[] {
  const { show, stream, now_ms, viewers, broken, about, regions } = options
  const at = { kind: 'hop', show, stream, time_ms: now_ms, interval_ms: 1000, status: 'up' } as const
  const events: BeaconEvent[] = [
    {
      ...at,
      hop: 'encoder',
      node: 'encoder-1',
      fps_out: about(30, 0.005),
      bitrate_out_kbps: about(4200, 0.02),
      speed_ratio: about(1.01, 0.01),
      key_frame_interval_ms: 2000,
      frames: 30,
    },
    {
      ...at,
      hop: 'ingest',
      node: 'ingest-1',
      fps_in: about(30, 0.005),
      bitrate_in_kbps: about(4150, 0.02),
      key_frame_interval_ms: 2000,
    },
    {
      ...at,
      hop: 'transcode',
      node: 'transcode-1',
      speed_ratio: about(1.4, 0.03),
      fps_out: about(30, 0.005),
      cpu_ratio: about(5.2, 0.1),
    },
    {
      ...at,
      hop: 'origin',
      node: 'origin-1',
      requests: 400,
      status_2xx: 400,
      ttfb_ms: about(24, 0.15),
    },
    {
      kind: 'resource',
      show,
      stream,
      time_ms: now_ms,
      resource: 'gateway',
      node: 'gateway-1',
      sense: 'load',
      level: about(viewers * 0.4, 0.05),
      capacity: viewers + 1,
    },
  ]
  for (const cdn of CDNS) {
    for (const region of regions) {
      const sick =
        broken !== undefined &&
        (broken.cdn ?? cdn) === cdn &&
        (broken.region ?? region) === region &&
        broken.app === undefined
      const requests = Math.max(20, Math.round(viewers / 3))
      const errors = sick ? Math.round(requests * 0.06) : 0
      events.push({
        ...at,
        hop: 'edge',
        node: `${cdn}-${region.toLowerCase()}`,
        cdn,
        region,
        requests,
        cache_hits: Math.round(requests * (sick ? 0.7 : 0.97)),
        status_2xx: requests - errors,
        status_5xx: errors,
        ttfb_ms: about(sick ? 840 : 62, 0.15),
      })
    }
  }
  return events
}
