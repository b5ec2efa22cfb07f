import type { ClientContext } from '../../schemas/envelope.ts'
import { increase, kbpsOf, known, numberOf, perSecond } from '../counters.ts'
import { objectIn, readObject, textIn } from '../readJson.ts'
import type { EventGroup } from '../route.ts'
import { trackStreams } from '../trackStreams.ts'

type Stream = Readonly<Record<string, unknown>>

export interface SrsApiOptions {
  readonly node: string
  readonly context?: ClientContext
}

/**
 * A reader of `/api/v1/streams` for `startPoller`. Rates come from differences of `recv_bytes` and `frames`;
 * the first reading has SRS's own mean over 30 s. `live_ms` is the server's clock and not the stream's age: not read.
 */
export function srsStreams(options: SrsApiOptions): (json: string, at_ms: number) => EventGroup[] {
  const track = trackStreams<Stream>({
    source: 'srs',
    hop: 'ingest',
    node: options.node,
    ...(options.context ? { context: options.context } : {}),
    streamOf: (stream) => textIn(stream.name),
    publishing: (stream) => objectIn(stream.publish).active === true,
    fields: (now, before, interval_ms) => {
      const grew = (name: string) => increase(numberOf(now[name]), numberOf(before?.[name]))
      const rates = objectIn(now.kbps)
      const frames = grew('frames')
      const video = objectIn(now.video)
      const clients = numberOf(now.clients)
      return known({
        bytes_in: grew('recv_bytes'),
        bytes_out: grew('send_bytes'),
        bitrate_in_kbps: kbpsOf(grew('recv_bytes'), interval_ms) ?? numberOf(rates.recv_30s),
        bitrate_out_kbps: kbpsOf(grew('send_bytes'), interval_ms) ?? numberOf(rates.send_30s),
        frames,
        fps_in: perSecond(frames, interval_ms),
        // The publisher is counted among the clients.
        clients: clients === undefined ? undefined : Math.max(0, clients - 1),
        width: numberOf(video.width),
        height: numberOf(video.height),
      })
    },
  })
  return (json, at_ms) => {
    const streams = readObject(json)?.streams
    if (!Array.isArray(streams)) throw new Error('this is not /api/v1/streams of SRS')
    return track(streams.map(objectIn), at_ms)
  }
}
