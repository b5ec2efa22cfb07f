import { codecName } from '../core/codecName.ts'

/** A rendition as the manifest offers it. */
export interface Offer {
  readonly height?: number | null | undefined
  readonly bitrate?: number | null | undefined
  readonly codec?: string | null | undefined
}

const isH264 = (offer: Offer) => codecName(offer.codec ?? undefined) === 'h264'

/**
 * What these bytes of `own` would have been in the H.264 rendition of the same height: in the ratio of the declared
 * bitrates. Where the manifest offers none (or it is one), the bytes themselves: no saving is claimed.
 */
export function referenceBytes(bytes: number, own: Offer | undefined, offers: readonly Offer[]): number {
  if (!own?.bitrate || isH264(own)) return bytes
  const reference = offers.find((each) => each.height === own.height && isH264(each))?.bitrate
  return reference ? (bytes * reference) / own.bitrate : bytes
}
