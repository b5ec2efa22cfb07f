import { randomBytes } from 'node:crypto'

/** One request of an attacker, as bytes on the wire; undefined: the flood has no more to send. */
export interface Flood {
  readonly help: string
  /** `trickle`: the connection stays open and sends the bytes piece by piece. `open`: it only opens connections. */
  readonly kind?: 'trickle' | 'open'
  /** The nth request. */
  readonly request: (n: number) => Buffer
}

/** The tenant that is attacked, by its public key. */
export const EVIL = 'evil-public-key'

const text = (bytes: number): string =>
  randomBytes(Math.ceil(bytes / 2))
    .toString('hex')
    .slice(0, bytes)

/** The attacker's address and browser, as a proxy that is trusted states them. */
const FROM = 'x-forwarded-for: 203.0.113.7\r\n'
const BROWSER = 'user-agent: Mozilla/5.0 (iPhone)\r\n'

function post(path: string, body: string | Buffer, headers = BROWSER): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n${FROM}${headers}content-length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ])
}
const get = (path: string, headers = BROWSER): Buffer =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\n${FROM}${headers}\r\n`)

const beacon = (events: readonly object[], context: object = {}): string =>
  JSON.stringify({ key: EVIL, context: { show: 'evil', stream: 'evil', ...context }, events })
const many = (count: number, event: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, index) => event(index))
const beat = { kind: 'heartbeat', interval_ms: 1000, played_ms: 1000 }

/** The floods of the gate: each varies one thing that a sender can vary. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  sid: {
    help: 'CMCD session ids of 8 KB',
    request: (n) => post(`/v1/cmcd?key=${EVIL}`, `sid="${n}${text(8_000)}",cid="c",sta=p,bl=1`),
  },
  'seq-gaps': {
    help: 'numbers 1 and 65,000 in ever new sessions',
    request: (n) =>
      post(
        '/v1/beacons',
        beacon(many(250, (i) => [1, 65_000].map((seq) => ({ ...beat, session: `g${n}-${i}`, seq }))).flat()),
      ),
  },
  'user-agents': {
    help: 'user agents of 14 KB',
    request: (n) =>
      post('/v1/beacons', beacon([{ ...beat, session: `u${n}` }]), `user-agent: ${n}${text(14_000)}\r\n`),
  },
  viewers: {
    help: 'ever new viewers',
    request: (n) =>
      post(
        '/v1/beacons',
        beacon(many(400, (i) => ({ ...beat, session: 'v', seq: n * 400 + i + 1, viewer: text(100) }))),
      ),
  },
  'new-sessions': {
    help: 'ever new sessions',
    request: (n) =>
      post('/v1/beacons', beacon(many(500, (i) => ({ ...beat, session: `s${n}-${i}`, seq: 1 })))),
  },
  streams: {
    help: 'ever new pairs of show and stream',
    request: (n) =>
      post(
        '/v1/beacons',
        beacon(many(500, (i) => ({ ...beat, session: `p${i}`, show: `show${n}`, stream: `stream${i}` }))),
      ),
  },
  cells: {
    help: 'ever new combinations of dimension values, each within its budget',
    request: (n) =>
      post(
        '/v1/beacons',
        beacon(
          many(500, (i) => {
            const of = (count: number, step: number) => Math.floor((n * 500 + i) / step) % count
            return {
              ...{ ...beat, session: `c${n}-${i}`, app: `a${of(90, 1)}`, cdn: `n${of(90, 90)}` },
              ...{ edge: `e${of(4_000, 7)}`, region: `r${of(1_500, 3)}`, device: `d${of(1_500, 11)}` },
              ...{ os: `o${of(150, 5)}`, player: `p${of(40, 13)}`, player_version: `v${of(400, 17)}` },
              rendition: `q${of(150, 19)}`,
            }
          }),
        ),
      ),
  },
  'dead-letters': {
    help: 'broken bodies of 16 KB, without and with a key',
    request: (n) => post(n % 2 === 0 ? '/v1/beacons' : `/v1/beacons?key=${EVIL}`, `{"broken ${text(16_000)}`),
  },
  bodies: {
    help: 'bodies of 1 MB with 500 events',
    request: (n) =>
      post(
        '/v1/beacons',
        beacon(many(500, (i) => ({ ...beat, session: `b${n}-${i}`, custom: text(1_900) }))),
      ),
  },
  'slow-bodies': {
    help: 'bodies that come a little at a time',
    kind: 'trickle',
    request: () => post('/v1/beacons', beacon([{ ...beat, session: 'slow', custom: text(4_000) }])),
  },
  connections: {
    help: 'connections that say nothing',
    kind: 'open',
    request: () => Buffer.from('POST /v1/beacons HTTP/1.1\r\n'),
  },
  queries: {
    help: 'ever new queries of 8 KB and unknown keys',
    request: (n) => get(`/v1/cmcd?key=k${n}&show=${text(8_000)}&CMCD=bl%3D1`),
  },
}
