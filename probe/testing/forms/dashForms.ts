import type { ProbeReason } from '../../../schemas/probeReasons.ts'
import type { Encodings, Form } from './hlsForms.ts'
import { newest } from './hlsForms.ts'
import type { Ask, Handler } from './liveServer.ts'

const WINDOW = 8
const PICTURE = 'mimeType="video/mp4" codecs="avc1.42c00a" width="160" height="90"'
const SOUND = 'mimeType="audio/mp4" codecs="mp4a.40.2"'

interface MpdOptions {
  /** The inside of the MPD. */
  readonly body: string
  readonly attributes?: string
}

/** The timeline began so long before the form's first request that ten segments are there. */
const LEAD_S = 11

/** Forms of DASH. */
export function dashForms(all: Encodings, clock: () => number): Form[] {
  const begin = (ask: Ask) => new Date(clock() - ask.since_ms - LEAD_S * 1000).toISOString()
  const mpd = (ask: Ask, { body, attributes = '' }: MpdOptions): string =>
    `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="${begin(ask)}" minimumUpdatePeriod="PT1S" timeShiftBufferDepth="PT8S" maxSegmentDuration="PT1S" suggestedPresentationDelay="PT3S" ${attributes}>${body}</MPD>`

  /** Serves the manifest, and segments `v123.m4s` and `a123.m4s`; a name may hold a time in ms in place of the number. */
  const serve =
    (
      manifest: (ask: Ask) => string,
      options: { type?: string; entry?: string; numberOf?: (text: number) => number } = {},
    ): Handler =>
    (ask) => {
      if (ask.path === (options.entry ?? 'live.mpd'))
        return { body: manifest(ask), type: options.type ?? 'application/dash+xml' }
      const [, kind, digits] = /([va])(\d+|init)\.m4s$/.exec(ask.path) ?? []
      if (kind === undefined || digits === undefined) return undefined
      const encoding = kind === 'v' ? all.fmp4_picture : all.fmp4_sound
      if (digits === 'init') return { body: encoding.init! }
      const number = options.numberOf?.(Number(digits)) ?? Number(digits)
      const bytes = encoding.segments[number]?.bytes
      return bytes === undefined || number > newest(ask) ? undefined : { body: bytes }
    }
  const timeline = (ask: Ask) => {
    const first = newest(ask) - WINDOW + 1
    return `<SegmentTimeline><S t="${first * 1000}" d="1000" r="${WINDOW - 1}"/></SegmentTimeline>`
  }
  const set = (template: string, kind: 'v' | 'a' = 'v', extra = '') =>
    `<AdaptationSet ${kind === 'v' ? PICTURE : SOUND}>${template}<Representation id="${kind}" bandwidth="${kind === 'v' ? 120000 : 55000}"/>${extra}</AdaptationSet>`
  const numbered = (ask: Ask, kind: 'v' | 'a' = 'v', start = newest(ask) - WINDOW + 1) =>
    `<SegmentTemplate timescale="1000" startNumber="${start}" initialization="${kind}init.m4s" media="${kind}$Number$.m4s">${timeline(ask)}</SegmentTemplate>`
  const period = (inside: string, attributes = 'id="1" start="PT0S"') =>
    `<Period ${attributes}>${inside}</Period>`
  const regular = (media: string, more = '') =>
    `<SegmentTemplate timescale="1000" duration="1000" startNumber="0" initialization="vinit.m4s" media="${media}" ${more}/>`
  const healthy = (name: string, handle: Handler, entry = 'live.mpd'): Form => ({
    name: `dash: ${name}`,
    entry,
    reason: '',
    handle,
  })
  const sick = (name: string, reason: ProbeReason, handle: Handler): Form => ({
    name: `dash sick: ${name}`,
    entry: 'live.mpd',
    reason,
    handle,
  })
  const plain = serve((ask) => mpd(ask, { body: period(set(numbered(ask)) + set(numbered(ask, 'a'), 'a')) }))
  const many = (ask: Ask) => {
    const first = newest(ask) - WINDOW + 1
    return Array.from({ length: WINDOW }, (_, index) => first + index)
  }
  return [
    healthy('SegmentTimeline, sound apart', plain),
    healthy(
      'an address without .mpd',
      serve((ask) => mpd(ask, { body: period(set(numbered(ask))) }), { entry: 'live' }),
      'live',
    ),
    healthy(
      'no content type either',
      serve((ask) => mpd(ask, { body: period(set(numbered(ask))) }), { entry: 'live', type: 'text/plain' }),
      'live',
    ),
    healthy(
      'SegmentTimeline with r="-1"',
      serve((ask) =>
        mpd(ask, {
          body: period(
            set(
              `<SegmentTemplate timescale="1000" startNumber="0" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="0" d="1000" r="-1"/></SegmentTimeline></SegmentTemplate>`,
            ),
          ),
        }),
      ),
    ),
    healthy(
      '$Time$',
      serve((ask) => mpd(ask, { body: period(set(numbered(ask).replace('$Number$', '$Time$'))) }), {
        numberOf: (time) => time / 1000,
      }),
    ),
    healthy(
      '$Number%05d$ and a fixed duration',
      serve((ask) => mpd(ask, { body: period(set(regular('v$Number%05d$.m4s'))) })),
    ),
    healthy(
      '$RepresentationID$ and $Bandwidth$',
      serve((ask) =>
        mpd(ask, {
          body: period(set(numbered(ask).replace('media="v', 'media="$Bandwidth$/$RepresentationID$'))),
        }),
      ),
    ),
    healthy(
      'SegmentList',
      serve((ask) =>
        mpd(ask, {
          body: period(
            set(
              `<SegmentList timescale="1000"><Initialization sourceURL="vinit.m4s"/>${timeline(ask)}${many(
                ask,
              )
                .map((number) => `<SegmentURL media="v${number}.m4s"/>`)
                .join('')}</SegmentList>`,
            ),
          ),
        }),
      ),
    ),
    healthy(
      'base addresses on all levels',
      serve((ask) =>
        mpd(ask, {
          body: `<BaseURL>a/</BaseURL>${period(`<BaseURL>b/</BaseURL>${set(`<BaseURL>c/</BaseURL>${numbered(ask)}`)}`)}`,
        }),
      ),
    ),
    healthy(
      'two periods',
      serve((ask) => {
        const cut = 12
        const before = many(ask).filter((number) => number < cut)
        const later = many(ask).filter((number) => number >= cut)
        const entry = (numbers: number[], pto: number) =>
          numbers.length === 0
            ? ''
            : `<SegmentTemplate timescale="1000" presentationTimeOffset="${pto}" startNumber="${numbers[0]}" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="${numbers[0]! * 1000}" d="1000" r="${numbers.length - 1}"/></SegmentTimeline></SegmentTemplate>`
        const first =
          before.length === 0 ? '' : period(set(entry(before, 0)), `id="1" start="PT0S" duration="PT${cut}S"`)
        const second =
          later.length === 0
            ? ''
            : period(
                set(entry(later, cut * 1000)).replace('id="v"', 'id="other"'),
                `id="2" start="PT${cut}S"`,
              )
        return mpd(ask, { body: first + second })
      }),
    ),
    healthy(
      'a presentation time offset',
      serve((ask) => {
        const first = newest(ask) - WINDOW + 1
        return mpd(ask, {
          body: period(
            set(
              `<SegmentTemplate timescale="90000" presentationTimeOffset="900000" startNumber="${first}" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="${900_000 + first * 90_000}" d="90000" r="${WINDOW - 1}"/></SegmentTimeline></SegmentTemplate>`,
            ),
          ),
        })
      }),
    ),
    healthy(
      'UTCTiming, the server an hour ahead',
      serve((ask) => {
        const there = { ...ask, since_ms: ask.since_ms }
        const text = mpd(there, {
          body: `${period(set(regular('v$Number$.m4s')))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="${new Date(clock() + 3_600_000).toISOString()}"/>`,
        })
        return text.replace(
          /availabilityStartTime="[^"]+"/,
          `availabilityStartTime="${new Date(Date.parse(begin(ask)) + 3_600_000).toISOString()}"`,
        )
      }),
    ),
    healthy(
      'low latency: availabilityTimeOffset, chunks',
      serve((ask) =>
        mpd(ask, {
          body: `<ServiceDescription id="0"><Latency target="2000"/></ServiceDescription>${period(set(regular('v$Number$.m4s', 'availabilityTimeOffset="0.5" availabilityTimeComplete="false"')))}`,
        }),
      ),
    ),
    healthy('Location', (ask) =>
      ask.path === 'live.mpd'
        ? serve((each) =>
            mpd(each, {
              body: `<Location>session/live.mpd</Location>${period(set(numbered(each)))}`,
            }),
          )(ask)
        : ask.path === 'session/live.mpd'
          ? serve((each) => mpd(each, { body: period(set(numbered(each).replaceAll('="v', '="../v'))) }), {
              entry: 'session/live.mpd',
            })(ask)
          : plain(ask),
    ),
    healthy(
      'subtitles, thumbnails, an event stream',
      serve((ask) =>
        mpd(ask, {
          body: period(
            `<EventStream schemeIdUri="urn:scte:scte35:2013:xml" timescale="1"/>${set(numbered(ask))}<AdaptationSet contentType="image" mimeType="image/jpeg"><SegmentTemplate media="t$Number$.jpg" duration="10" startNumber="0"/><Representation id="t" bandwidth="1000"/></AdaptationSet>`,
          ),
        }),
      ),
    ),
    healthy(
      'a timeline that claims a billion segments',
      serve((ask) =>
        mpd(ask, {
          body: period(
            set(
              `<SegmentTemplate timescale="1000" startNumber="0" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="0" d="1000" r="1000000000"/></SegmentTimeline></SegmentTemplate>`,
            ),
          ),
        }),
      ),
    ),
    sick('stands still', 'playlist_stale', (ask) => plain({ ...ask, since_ms: Math.min(ask.since_ms, 300) })),
    sick(
      'ended',
      'stream_ended',
      serve((ask) =>
        mpd(ask, { body: period(set(numbered(ask))) }).replace(
          'type="dynamic"',
          'type="static" mediaPresentationDuration="PT20S"',
        ),
      ),
    ),
    sick(
      'segments that are not there',
      'segment_missing',
      serve((ask) => mpd(ask, { body: period(set(numbered(ask).replace('media="v', 'media="x'))) })),
    ),
    sick(
      'no segment named',
      'manifest_unreadable',
      serve((ask) => mpd(ask, { body: period(set('')) })),
    ),
    sick(
      'half a document',
      'manifest_unreadable',
      serve((ask) => mpd(ask, { body: period(set(numbered(ask))) }).slice(0, -40)),
    ),
    sick(
      'entities that unpack',
      'manifest_unreadable',
      serve((ask) =>
        mpd(ask, { body: period(set(numbered(ask))) }).replace(
          '<MPD',
          '<!DOCTYPE MPD [<!ENTITY a "aaaaaaaaaa">]><MPD',
        ),
      ),
    ),
    sick(
      'another codec than declared',
      'codec_changed',
      serve((ask) =>
        mpd(ask, { body: period(set(numbered(ask))) }).replace('avc1.42c00a', 'hvc1.1.6.L30.90'),
      ),
    ),
  ]
}
