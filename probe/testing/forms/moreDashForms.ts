import type { ProbeReason } from '../../../schemas/probeReasons.ts'
import type { Encoding } from './encodings.ts'
import { type Encodings, type Form, newest, WINDOW } from './hlsForms.ts'
import type { Ask, Handler } from './liveServer.ts'

const PICTURE = 'mimeType="video/mp4" codecs="avc1.42c00a" width="160" height="90"'
/** The timeline began so long before the form's first request, s. */
const LEAD_S = 11

/** Forms of DASH beside the short matrix. */
export function moreDashForms(all: Encodings, cenc: Encoding, clock: () => number): Form[] {
  const begin_ms = (ask: Ask) => clock() - ask.since_ms - LEAD_S * 1000
  const mpd = (body: string, from: string, attributes = 'timeShiftBufferDepth="PT8S"') =>
    `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="${from}" minimumUpdatePeriod="PT1S" maxSegmentDuration="PT1S" suggestedPresentationDelay="PT3S" ${attributes}>${body}</MPD>`
  const at = (ask: Ask) => new Date(begin_ms(ask)).toISOString()
  const set = (template: string, extra = '') =>
    `<AdaptationSet ${PICTURE}>${extra}${template}<Representation id="v" bandwidth="120000"/></AdaptationSet>`
  const period = (inside: string, attributes = 'id="1" start="PT0S"') =>
    `<Period ${attributes}>${inside}</Period>`
  const serve =
    (
      manifest: (ask: Ask) => string,
      numberAt: (text: string, ask: Ask) => number = Number,
      encoding = all.fmp4_picture,
    ): Handler =>
    (ask) => {
      if (ask.path === 'live.mpd') return { body: manifest(ask), type: 'application/dash+xml' }
      if (ask.path === 'vinit.m4s') return { body: encoding.init! }
      const digits = /v(\d+)\.m4s$/.exec(ask.path)?.[1]
      if (digits === undefined) return undefined
      const number = numberAt(digits, ask)
      const bytes = encoding.segments[number]?.bytes
      return bytes === undefined || number > newest(ask) ? undefined : { body: bytes }
    }
  const first = (ask: Ask) => newest(ask) - WINDOW + 1
  const timeline = (ask: Ask, t = String(first(ask) * 1000), d = 1000) =>
    `<SegmentTimeline><S t="${t}" d="${d}" r="${WINDOW - 1}"/></SegmentTimeline>`
  const template = (ask: Ask, inside = timeline(ask), more = 'timescale="1000"', media = 'v$Number$.m4s') =>
    `<SegmentTemplate ${more} startNumber="${first(ask)}" initialization="vinit.m4s" media="${media}">${inside}</SegmentTemplate>`
  const regular = (start: number | string, more = '') =>
    `<SegmentTemplate timescale="1000" duration="1000" startNumber="${start}" initialization="vinit.m4s" media="v$Number$.m4s" ${more}/>`
  const plain = (ask: Ask) => period(set(template(ask)))
  const healthy = (name: string, handle: Handler, change: Partial<Form> = {}): Form => ({
    name: `dash: ${name}`,
    entry: 'live.mpd',
    reason: '',
    handle,
    ...change,
  })
  const sick = (name: string, reason: ProbeReason, handle: Handler): Form => ({
    name: `dash sick: ${name}`,
    entry: 'live.mpd',
    reason,
    handle,
  })
  // Ticks of 100 ns since 1970, odd, as Smooth Streaming counts them: larger than a double holds exactly.
  // Each form counts from its own beginning.
  const ticks = () => {
    let from: bigint | undefined
    return (ask: Ask, number: number) =>
      (from ??= BigInt(Math.floor(begin_ms(ask))) * 10_000n + 7n) + BigInt(number) * 10_000_001n
  }
  const tick = ticks()
  const sickTick = ticks()
  const shifted = (ask: Ask) => new Date(begin_ms(ask) + 3_600_000).toISOString()
  return [
    healthy(
      '$Time$ in ticks of 100 ns since 1970',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(
                  ask,
                  timeline(ask, String(tick(ask, first(ask))), 10_000_001),
                  'timescale="10000000"',
                  'v$Time$.m4s',
                ),
              ),
            ),
            '1970-01-01T00:00:00Z',
          ),
        (text, ask) =>
          Array.from({ length: 60 }, (_, number) => number).find(
            (number) => String(tick(ask, number)) === text,
          ) ?? -1,
      ),
    ),
    healthy(
      'numbers counted from 1970, a fixed duration',
      serve(
        () => mpd(period(set(regular(0))), '1970-01-01T00:00:00Z'),
        (text, ask) => Number(text) - Math.floor(begin_ms(ask) / 1000),
      ),
    ),
    healthy(
      'a start time without a time zone',
      serve((ask) => mpd(plain(ask), at(ask).replace('Z', ''))),
    ),
    healthy(
      'durations with all their parts, no update period, numbers with zeros in front, $Bandwidth$',
      serve(
        (ask) =>
          mpd(
            period(
              set(regular(0).replace('v$Number$', '$Bandwidth$-v$Number%05d$')),
              'id="1" start="P0Y0M0DT0H0M0.000S"',
            ),
            at(ask),
            'timeShiftBufferDepth="P0Y0M0DT0H0M8.000S"',
          ).replace(' minimumUpdatePeriod="PT1S"', ''),
        Number,
      ),
    ),
    healthy(
      'UTCTiming direct, an hour ahead',
      serve((ask) =>
        mpd(
          `${period(set(regular(0)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="${new Date(clock() + 3_600_000).toISOString()}"/>`,
          shifted(ask),
        ),
      ),
    ),
    healthy(
      'UTCTiming by NTP alone, which a probe cannot ask',
      serve((ask) =>
        mpd(
          `${period(set(template(ask)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:ntp:2014" value="time.example"/>`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'a timeline in runs: times left out, counts, a first segment of another length',
      serve((ask) => {
        const from = first(ask)
        const runs = `<SegmentTimeline><S t="${from * 1000}" d="1000"/><S d="1000" r="2"/><S d="1000" r="${WINDOW - 5}"/></SegmentTimeline>`
        return mpd(period(set(template(ask, runs))), at(ask))
      }),
    ),
    healthy(
      'labels, roles, events in band and a service description',
      serve((ask) =>
        mpd(
          `<ServiceDescription id="0"><Latency target="3000" max="6000"/><PlaybackRate min="0.96" max="1.04"/></ServiceDescription>${period(
            set(
              `<Label>main</Label><Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/><InbandEventStream schemeIdUri="urn:scte:scte35:2013:bin" value="1"/><ProducerReferenceTime id="0" type="encoder" wallClockTime="${at(ask)}" presentationTime="0"/>${template(ask)}`,
            ),
          )}`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'MPD patches are offered',
      serve((ask) =>
        mpd(
          `<PatchLocation ttl="60">patch.mpp?publishTime=1</PatchLocation>${plain(ask)}`,
          at(ask),
          'id="m" publishTime="2026-11-27T00:00:00Z" timeShiftBufferDepth="PT8S"',
        ),
      ),
    ),
    healthy(
      'a period that is announced early',
      serve((ask) =>
        mpd(`${plain(ask)}<Period id="2">${set(regular(0).replace('v$', 'later$'))}</Period>`, at(ask)),
      ),
    ),
    healthy(
      'a period to come',
      serve((ask) =>
        mpd(
          `${plain(ask)}${period(set(regular(0).replace('v$', 'later$')), 'id="2" start="PT2H"')}`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'a remote period that resolves to zero',
      serve((ask) =>
        mpd(
          `<Period id="0" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="urn:mpeg:dash:resolve-to-zero:2013" xlink:actuate="onLoad" start="PT0S" duration="PT0S"/>${plain(ask)}`,
          at(ask),
        ),
      ),
    ),
    healthy('a remote period, to be fetched', (ask) =>
      ask.path === 'period.xml'
        ? { body: plain(ask), type: 'application/xml' }
        : serve((each) =>
            mpd(
              '<Period id="1" start="PT0S" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="period.xml" xlink:actuate="onLoad"/>',
              at(each),
            ),
          )(ask),
    ),
    healthy('UTCTiming by http-head, the server an hour ahead', (ask) =>
      ask.path === 'time'
        ? { body: '', headers: { date: new Date(clock() + 3_600_000).toUTCString() } }
        : serve((each) =>
            mpd(
              `${period(set(regular(0)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="time"/>`,
              shifted(each),
            ),
          )(ask),
    ),
    healthy('UTCTiming by http-iso at a relative address, an hour ahead', (ask) =>
      ask.path === 'time'
        ? { body: `${new Date(clock() + 3_600_000).toISOString()}\n` }
        : serve((each) =>
            mpd(
              `${period(set(regular(0)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="time"/>`,
              shifted(each),
            ),
          )(ask),
    ),
    healthy(
      'availabilityTimeOffset of a base address',
      serve((ask) =>
        mpd(
          period(
            `<BaseURL availabilityTimeOffset="0.7" availabilityTimeComplete="false">./</BaseURL>${set(regular(0))}`,
          ),
          at(ask),
        ),
      ),
    ),
    healthy(
      'availabilityTimeOffset INF',
      serve((ask) =>
        mpd(
          period(set(template(ask, timeline(ask), 'timescale="1000" availabilityTimeOffset="INF"'))),
          at(ask),
        ),
      ),
    ),
    healthy(
      'two base addresses, the first is the better',
      serve((ask) =>
        mpd(
          `<BaseURL serviceLocation="a">./</BaseURL><BaseURL serviceLocation="b">http://127.0.0.2:9/</BaseURL>${plain(ask)}`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'entities in addresses',
      serve((ask) => mpd(plain(ask).replaceAll('.m4s"', '.m4s?a=1&amp;b=&#50;"'), at(ask))),
    ),
    healthy(
      'prefixed names, comments, character data',
      serve((ask) =>
        mpd(`<!-- a --><![CDATA[ ]]>${plain(ask)}`, at(ask))
          .replace(/<(\/?)(?=[A-Z])(?!!)/g, '<$1mpd:')
          .replace('xmlns=', 'xmlns:mpd='),
      ),
    ),
    healthy(
      'no depth, the whole timeline',
      serve((ask) =>
        mpd(
          period(
            set(
              `<SegmentTemplate timescale="1000" startNumber="0" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="0" d="1000" r="${newest(ask)}"/></SegmentTimeline></SegmentTemplate>`,
            ),
          ),
          at(ask),
          '',
        ),
      ),
    ),
    healthy(
      'a fixed duration that is no whole number',
      serve((ask) =>
        mpd(
          period(
            set(
              regular(0).replace('timescale="1000" duration="1000"', 'timescale="30000" duration="30000.0"'),
            ),
          ),
          at(ask),
        ),
      ),
    ),
    healthy(
      'Common Encryption, two DRM systems',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(ask),
                '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/><ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"><pssh>AAAA</pssh></ContentProtection>',
              ),
            ),
            at(ask),
          ),
        Number,
        cenc,
      ),
      { notice: 'encrypted_not_inspected' },
    ),
    sick(
      'ticks of 100 ns, segments that are not there',
      'segment_missing',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(
                  ask,
                  timeline(ask, String(sickTick(ask, first(ask))), 10_000_001),
                  'timescale="10000000"',
                  'v$Time$.m4s',
                ),
              ),
            ),
            '1970-01-01T00:00:00Z',
          ),
        () => -1,
      ),
    ),
    sick(
      'only a period announced early',
      'manifest_unreadable',
      serve((ask) =>
        mpd(`${period('', 'id="1" start="PT0S"')}<Period id="2">${set(regular(0))}</Period>`, at(ask)),
      ),
    ),
  ]
}
