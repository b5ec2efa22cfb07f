import fc from 'fast-check'
import { sampleLines } from '../../collector/edge/testing/sampleLines.ts'
import { SERVER_KEY } from '../../collector/testing.ts'
import { CLIENT_FIELDS } from '../../schemas/envelope.ts'
import { type FieldSpec, type Fields, isNumeric, maxLengthOf, rangeOf } from '../../schemas/field.ts'
import { KIND_NAMES, KINDS } from '../../schemas/kinds/kinds.ts'

/** A request as the fuzzer sends it. */
export interface FuzzRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

/** Few names, so that requests meet each other's sessions, streams and numbers. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'main', '~other') },
  { weight: 1, arbitrary: fc.string({ maxLength: 140, unit: 'binary' }) },
)

/** What nobody would send, and somebody does. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      '',
      0,
      -0,
      -1,
      1e308,
      2 ** 53,
      0.5,
      true,
      [],
      {},
      [1],
      '__proto__',
      'constructor',
      '\u0000',
      '\ud800',
    ],
  ),
  fc.string({ maxLength: 2_000, unit: 'binary' }),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
)

function fieldValue(field: FieldSpec): fc.Arbitrary<unknown> {
  if (field.type === 'flag') return fc.boolean()
  if (isNumeric(field)) {
    const { min, max } = rangeOf(field)
    const low = Math.max(min, -1e15)
    const high = Math.min(max, 1e15)
    return fc.oneof(
      fc.constantFrom(low, high, 0, 1),
      fc.integer({ min: Math.ceil(low), max: Math.floor(high) }),
    )
  }
  if (field.values !== undefined) return fc.constantFrom(...field.values)
  return fc.oneof(name, fc.string({ maxLength: maxLengthOf(field) + 1 }))
}

const fieldsOf = (fields: Fields): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([key, field]) => [
        key,
        fc.oneof({ weight: 12, arbitrary: fieldValue(field) }, { weight: 1, arbitrary: hostile }),
      ]),
    ),
    {
      requiredKeys: Object.entries(fields)
        .filter(([, field]) => field.required)
        .map(([key]) => key),
    },
  )

const seq = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(65_000, 2 ** 31, 2 ** 32 - 1))
/** Around the collector's clock, which the caller adds. */
const offset_ms = fc.oneof(
  fc.integer({ min: -60_000, max: 20_000 }),
  fc.constantFrom(-86_400_000, 86_400_000, -1e13, 1e15),
)

/** A few of a context's fields: all of them at once would hardly ever be valid. */
const context = fc
  .tuple(fieldsOf(CLIENT_FIELDS), fc.subarray(Object.keys(CLIENT_FIELDS), { maxLength: 6 }))
  .map(([all, names]) => Object.fromEntries(names.flatMap((key) => (key in all ? [[key, all[key]]] : []))))

const event = (now_ms: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.oneof(
        ...KIND_NAMES.map((kind) =>
          fc
            .tuple(
              fieldsOf(KINDS[kind].fields),
              context,
              fc.option(seq, { nil: undefined }),
              fc.option(offset_ms, { nil: undefined }),
              name,
            )
            .map(([fields, own, number, offset, session]) => ({
              kind,
              session,
              ...own,
              ...fields,
              seq: number,
              time_ms: offset === undefined ? undefined : now_ms + offset,
            })),
        ),
      ),
    },
    { weight: 1, arbitrary: hostile },
  )

const key = fc.constantFrom('demo', 'demo', 'demo', SERVER_KEY, SERVER_KEY, 'nobody', '')

const beaconText = (now_ms: number): fc.Arbitrary<string> =>
  fc
    .record(
      {
        key,
        sent_ms: fc.oneof(
          offset_ms.map((offset) => now_ms + offset),
          hostile,
        ),
        clock: fc.oneof(fc.record({ offset_ms: fc.oneof(offset_ms, hostile), error_ms: hostile }), hostile),
        context: fc.oneof({ weight: 8, arbitrary: context }, { weight: 1, arbitrary: hostile }),
        events: fc.oneof(
          { weight: 15, arbitrary: fc.array(event(now_ms), { maxLength: 6 }) },
          { weight: 1, arbitrary: hostile },
        ),
      },
      { requiredKeys: ['events'] },
    )
    .map((body) => JSON.stringify(body) ?? '')

const CMCD_VALUES: readonly string[] = [
  '1',
  '0',
  '-1',
  '1e9',
  'p',
  's',
  'r',
  '"a"',
  '"b"',
  '(1;v 2;a)',
  '?0',
  '"',
]

const cmcdLine = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...'br bl bs cid sid sn sta e msd ts mtp ltc pr rc ttfb bsa bsd bsda dfa ec h url v x-own nor'.split(
          ' ',
        ),
      ),
      fc.oneof(
        fc.constantFrom(...CMCD_VALUES),
        fc.integer().map(String),
        fc.string({ maxLength: 80 }).map((text) => `"${text}"`),
      ),
    ),
    { maxLength: 12 },
  )
  .map((pairs) => pairs.map(([of, value]) => `${of}=${value}`).join(','))

/** Changes some bytes of a text that was right: cut, doubled, flipped. */
const mutated = (original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      original,
      fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('flip', 'cut', 'double', 'put')), {
        maxLength: 4,
      }),
    )
    .map(([text, changes]) => {
      let bytes = text
      for (const [at, value, change] of changes) {
        const place = bytes.length === 0 ? 0 : at % bytes.length
        const [head, tail] = [bytes.subarray(0, place), bytes.subarray(place)]
        if (change === 'cut') bytes = head
        else if (change === 'double') bytes = Buffer.concat([bytes, tail])
        else bytes = Buffer.concat([head, Buffer.from([value]), change === 'flip' ? tail.subarray(1) : tail])
      }
      return bytes
    })

const bodyOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> => {
  const right = text.map((each) => Buffer.from(each))
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 3, arbitrary: mutated(right) })
}

const headers = fc.record(
  {
    'content-type': fc.constantFrom('text/plain', 'application/json', 'application/cmcd', 'x/y', ''),
    'content-encoding': fc.constantFrom('gzip', 'identity', 'br'),
    'x-firstframe-key': key,
    'x-firstframe-token': fc.string({ maxLength: 100 }).map((text) => encodeURIComponent(text)),
    authorization: fc.constantFrom('Bearer x', `Bearer ${SERVER_KEY}`, 'Bearer', 'Basic eDp5'),
    'x-forwarded-for': fc.constantFrom('8.8.8.8', '::1', 'x, y', 'fe80::1%zone', '1.2.3.4, 2001:db8::1'),
    'user-agent': fc.constantFrom('', 'x'.repeat(3_000), 'iPhone'),
    'cmcd-session': cmcdLine.map((line) => encodeURI(line)),
    origin: fc.constantFrom('https://a.example', 'null'),
  },
  { requiredKeys: [] },
)

/** Headers that a body survives in most of the runs. */
const usual = fc.oneof({ weight: 3, arbitrary: fc.constant({ 'content-type': 'text/plain' }) }, headers)

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'key',
        'show',
        'stream',
        'cdn',
        'weight',
        'synthetic',
        'source',
        'CMCD',
        'event',
        'path',
        'node',
        'token',
      ),
      fc.oneof(
        fc.constantFrom('demo', SERVER_KEY, '1', 'true', 'ready', 'NaN'),
        fc.string({ maxLength: 60 }),
        cmcdLine,
      ),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map((pair) => pair.map(encodeURIComponentSafe).join('=')).join('&'))

const encodeURIComponentSafe = (text: string): string => encodeURIComponent(Buffer.from(text).toString())

const lines = (each: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(each, { maxLength: 5 }).map((all) => all.join('\n'))

const HOOKS: readonly string[] = [
  'call=publish&name=main&app=live&key=demo',
  'call=publish_done&name=main&app=live',
  '{"action":"on_publish","stream":"main","app":"live","param":"?a=b","server_id":"s"}',
  '{"action":"on_unpublish","stream":"main"}',
  '{"event":"ingress_started","room":{"name":"r"},"ingress_info":{"name":"i","roomName":"r"},"created_at":1}',
  '{"action":"publish","path":"live/main","query":"expires=1&sign=x","protocol":"rtmp"}',
  'frame=1\nfps=25\nbitrate=100kbits/s\nprogress=continue\n',
]

/** For each route of the public port, requests of every kind. */
export function requestsOf(now_ms: number): Readonly<Record<string, fc.Arbitrary<FuzzRequest>>> {
  const post = (path: string, body: fc.Arbitrary<Buffer>, standard = 'key=demo'): fc.Arbitrary<FuzzRequest> =>
    fc
      .tuple(fc.oneof({ weight: 3, arbitrary: fc.constant(standard) }, query), usual, body)
      .map(([text, own, bytes]) => ({ method: 'POST', url: `${path}?${text}`, headers: own, body: bytes }))
  const edge = Object.entries(sampleLines(now_ms)).map(([source, [line]]) =>
    post('/v1/edge', bodyOf(lines(fc.constant(line))), `source=${source}`).map((request) => ({
      ...request,
      headers: { authorization: 'Bearer a-secret-of-the-edge', ...request.headers },
    })),
  )
  const hook = bodyOf(fc.constantFrom(...HOOKS))
  return {
    '/v1/beacons': post('/v1/beacons', bodyOf(beaconText(now_ms))),
    'POST /v1/cmcd': post('/v1/cmcd', bodyOf(lines(cmcdLine))),
    'GET /v1/cmcd': fc
      .tuple(query, headers)
      .map(([text, own]) => ({ method: 'GET', url: `/v1/cmcd?${text}`, headers: own, body: undefined })),
    '/v1/edge': fc.oneof(...edge),
    '/v1/ingest/*': fc
      .constantFrom('nginx-rtmp', 'srs', 'mediamtx', 'mediamtx/auth', 'livekit', 'ffmpeg')
      .chain((path) => post(`/v1/ingest/${path}`, hook, `key=${SERVER_KEY}`)),
    others: fc
      .tuple(
        fc.constantFrom<'GET' | 'POST'>('GET', 'POST'),
        fc.constantFrom(
          '/v1/time',
          '/healthz',
          '/readyz',
          '/nowhere',
          '/v1/beacons/',
          '/v1//cmcd',
          '/%00',
          '/v1/beacons%2f',
        ),
        query,
        headers,
      )
      .map(([method, path, text, own]) => ({
        method,
        url: `${path}?${text}`,
        headers: own,
        body: undefined,
      })),
  }
}
