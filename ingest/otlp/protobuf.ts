import protobuf from 'protobufjs/light.js'

/**
 * The fields of OTLP 1.x (opentelemetry-proto, `trace.proto`, `metrics.proto`) that are read here, by number. A field that is not
 * listed is passed over, so later versions of the protocol stay readable.
 */
const message = (
  fields: Readonly<Record<string, readonly [id: number, type: string, repeated?: 'repeated']>>,
) => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [id, type, rule]]) => [
      name,
      rule === undefined ? { id, type } : { id, type, rule },
    ]),
  ),
})

const root = protobuf.Root.fromJSON({
  nested: {
    AnyValue: message({
      stringValue: [1, 'string'],
      boolValue: [2, 'bool'],
      intValue: [3, 'int64'],
      doubleValue: [4, 'double'],
    }),
    KeyValue: message({ key: [1, 'string'], value: [2, 'AnyValue'] }),
    Resource: message({ attributes: [1, 'KeyValue', 'repeated'] }),
    Status: message({ code: [3, 'int32'] }),
    Span: message({
      name: [5, 'string'],
      kind: [6, 'int32'],
      startTimeUnixNano: [7, 'fixed64'],
      endTimeUnixNano: [8, 'fixed64'],
      attributes: [9, 'KeyValue', 'repeated'],
      status: [15, 'Status'],
    }),
    ScopeSpans: message({ spans: [2, 'Span', 'repeated'] }),
    ResourceSpans: message({ resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans', 'repeated'] }),
    Traces: message({ resourceSpans: [1, 'ResourceSpans', 'repeated'] }),
    Point: message({
      timeUnixNano: [3, 'fixed64'],
      count: [4, 'fixed64'],
      sum: [5, 'double'],
      attributes: [9, 'KeyValue', 'repeated'],
    }),
    Histogram: message({ dataPoints: [1, 'Point', 'repeated'], aggregationTemporality: [2, 'int32'] }),
    // The same numbers as `Point`, except for its attributes.
    ExponentialPoint: message({
      attributes: [1, 'KeyValue', 'repeated'],
      timeUnixNano: [3, 'fixed64'],
      count: [4, 'fixed64'],
      sum: [5, 'double'],
    }),
    ExponentialHistogram: message({
      dataPoints: [1, 'ExponentialPoint', 'repeated'],
      aggregationTemporality: [2, 'int32'],
    }),
    Metric: message({
      name: [1, 'string'],
      unit: [3, 'string'],
      histogram: [9, 'Histogram'],
      exponentialHistogram: [10, 'ExponentialHistogram'],
    }),
    ScopeMetrics: message({ metrics: [2, 'Metric', 'repeated'] }),
    ResourceMetrics: message({ resource: [1, 'Resource'], scopeMetrics: [2, 'ScopeMetrics', 'repeated'] }),
    Metrics: message({ resourceMetrics: [1, 'ResourceMetrics', 'repeated'] }),
  },
})
const TYPES = { traces: root.lookupType('Traces'), metrics: root.lookupType('Metrics') }

/** A message of a real request takes at least so many bytes; the smallest possible one takes two, and a megabyte of them 160 ms. */
const LEAST_BYTES = 6
const LEAST_MESSAGES = 64
let messagesLeft = 0

for (const type of root.nestedArray)
  if (type instanceof protobuf.Type)
    type.ctor = class extends protobuf.Message {
      constructor(properties?: protobuf.Properties<object>) {
        super(properties)
        messagesLeft -= 1
        if (messagesLeft < 0) throw new Error('too many messages for the bytes')
      }
    } as protobuf.Constructor<object>

/**
 * A request in OTLP's binary form as its JSON form would be, 64-bit numbers as text; undefined when the bytes are none, or are more
 * messages than anything real has in so many bytes.
 */
export function readProtobuf(
  signal: keyof typeof TYPES,
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> | undefined {
  messagesLeft = LEAST_MESSAGES + bytes.length / LEAST_BYTES
  try {
    return TYPES[signal].toObject(TYPES[signal].decode(bytes), { longs: String })
  } catch {
    return undefined
  }
}
