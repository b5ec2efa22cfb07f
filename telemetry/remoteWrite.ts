import protobuf from 'protobufjs/light.js'

/** One point of a series of Prometheus. */
export interface Point {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** ms since the epoch. */
  readonly at_ms: number
}

const repeated = { rule: 'repeated' }
const WriteRequest = protobuf.Root.fromJSON({
  nested: {
    Label: { fields: { name: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } } },
    Sample: { fields: { value: { id: 1, type: 'double' }, timestamp: { id: 2, type: 'int64' } } },
    TimeSeries: {
      fields: {
        labels: { id: 1, type: 'Label', ...repeated },
        samples: { id: 2, type: 'Sample', ...repeated },
      },
    },
    WriteRequest: { fields: { timeseries: { id: 1, type: 'TimeSeries', ...repeated } } },
  },
}).lookupType('WriteRequest')

const LITERAL_BYTES = 65_536

/** Bytes in snappy's block format, as literals: nothing is made smaller, and every reader understands it. */
export function snappyLiterals(bytes: Uint8Array): Buffer {
  const pieces: Uint8Array[] = []
  const length: number[] = []
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  pieces.push(Uint8Array.from(length))
  for (let at = 0; at < bytes.length; at += LITERAL_BYTES) {
    const piece = bytes.subarray(at, at + LITERAL_BYTES)
    const last = piece.length - 1
    pieces.push(Uint8Array.of(61 << 2, last & 255, last >> 8), piece)
  }
  return Buffer.concat(pieces)
}

/** A body of Prometheus' remote write 1.0: labels by their names, empty ones left out. */
export function writeRequest(points: readonly Point[]): Buffer {
  const timeseries = points.map(({ name, labels, value, at_ms }) => ({
    labels: Object.entries({ __name__: name, ...labels })
      .filter(([, text]) => text !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, text]) => ({ name: label, value: text })),
    samples: [{ value, timestamp: at_ms }],
  }))
  return snappyLiterals(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())
}

export interface RemoteWriteTarget {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

const TIMEOUT_MS = 10_000

/**
 * Sends points. Rejects with `retriable: true` where the same points may be sent again (429, 5xx, no answer), false
 * where the receiver will never take them.
 */
export async function sendPoints(
  { url, headers }: RemoteWriteTarget,
  points: readonly Point[],
): Promise<void> {
  const failed = (message: string, retriable: boolean) => Object.assign(new Error(message), { retriable })
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(writeRequest(points)),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw failed(`no answer: ${String((error as Error).cause ?? error)}`, true)
  })
  const text = await answer.text().catch(() => '')
  if (!answer.ok)
    throw failed(
      `${answer.status} ${text.trim().slice(0, 200)}`,
      answer.status === 429 || answer.status >= 500,
    )
}
