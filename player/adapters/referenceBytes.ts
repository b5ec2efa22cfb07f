import type { H264Ladder } from '../adapter.ts'
import { codecName } from '../core/codecName.ts'

/** A rendition as the manifest offers it. */
export interface Offer {
  readonly height?: number | null | undefined
  readonly bitrate?: number | null | undefined
  readonly codec?: string | null | undefined
}

const isH264 = (offer: Offer) => codecName(offer.codec ?? undefined) === 'h264'

/**
 * What these bytes of `own` would have been in the H.264 rendition of the same height, in the ratio of the bitrates. The H.264
 * bitrate is what the page declares for the height (`h264_kbps`), else what the manifest offers. Without either (or where
 * `own` is H.264), the bytes themselves: no saving is claimed.
 */
export function referenceBytes(
  bytes: number,
  own: Offer | undefined,
  {
    offers,
    h264_kbps = {},
  }: { readonly offers: readonly Offer[]; readonly h264_kbps?: H264Ladder | undefined },
): number {
  if (!own?.bitrate || !own.height || isH264(own)) return bytes
  const declared_kbps = h264_kbps[own.height]
  const reference = declared_kbps
    ? declared_kbps * 1000
    : offers.find((each) => each.height === own.height && isH264(each))?.bitrate
  return reference ? (bytes * reference) / own.bitrate : bytes
}
