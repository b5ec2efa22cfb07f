import { refusal } from './errors.ts'

/** How the bytes of a Native column of some type are laid out, as far as needed to find its end. */
export type NativeLayout =
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'nullable' | 'array' | 'dictionary'; readonly of: NativeLayout }
  | { readonly kind: 'tuple'; readonly of: readonly NativeLayout[] }

const WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  Int8: 1,
  UInt8: 1,
  Enum8: 1,
  Nothing: 1,
  Int16: 2,
  UInt16: 2,
  Enum16: 2,
  Date: 2,
  BFloat16: 2,
  Int32: 4,
  UInt32: 4,
  Float32: 4,
  Date32: 4,
  DateTime: 4,
  Time: 4,
  IPv4: 4,
  Decimal32: 4,
  Int64: 8,
  UInt64: 8,
  Float64: 8,
  DateTime64: 8,
  Time64: 8,
  Decimal64: 8,
  Int128: 16,
  UInt128: 16,
  UUID: 16,
  IPv6: 16,
  Decimal128: 16,
  Int256: 32,
  UInt256: 32,
  Decimal256: 32,
}

const POINT: NativeLayout = {
  kind: 'tuple',
  of: [
    { kind: 'fixed', width: 8 },
    { kind: 'fixed', width: 8 },
  ],
}
const arrayOf = (of: NativeLayout): NativeLayout => ({ kind: 'array', of })
const GEO: Readonly<Record<string, NativeLayout>> = {
  Point: POINT,
  Ring: arrayOf(POINT),
  LineString: arrayOf(POINT),
  Polygon: arrayOf(arrayOf(POINT)),
  MultiLineString: arrayOf(arrayOf(POINT)),
  MultiPolygon: arrayOf(arrayOf(arrayOf(POINT))),
}

const known = new Map<string, NativeLayout>()

/** The layout of a type as ClickHouse writes its name. A type that is not known is refused, never guessed. */
export function nativeLayout(type: string): NativeLayout {
  const seen = known.get(type)
  if (seen) return seen
  const layout = read(type.trim())
  if (known.size > 10_000) known.clear()
  known.set(type, layout)
  return layout
}

function read(type: string): NativeLayout {
  const open = type.indexOf('(')
  const name = open < 0 ? type : type.slice(0, open)
  const args = open < 0 ? [] : splitArguments(type.slice(open + 1, -1))
  const entry = () => nativeLayout(args[0] ?? '')
  const width = WIDTHS[name]
  if (width !== undefined) return { kind: 'fixed', width }
  const geo = GEO[name]
  if (geo) return geo
  if (name.startsWith('Interval')) return { kind: 'fixed', width: 8 }
  switch (name) {
    case 'String':
      return { kind: 'string' }
    case 'FixedString':
      return { kind: 'fixed', width: Number(args[0]) }
    case 'Decimal': {
      const precision = Number(args[0])
      return { kind: 'fixed', width: precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32 }
    }
    case 'Nullable':
      return { kind: 'nullable', of: entry() }
    case 'Array':
      return arrayOf(entry())
    case 'LowCardinality': {
      const inner = entry()
      // its dictionary holds NULL as the first key, in the plain layout
      return { kind: 'dictionary', of: inner.kind === 'nullable' ? inner.of : inner }
    }
    case 'Map':
      return arrayOf({ kind: 'tuple', of: args.map(nativeLayout) })
    case 'Tuple':
      if (args.length > 0) return { kind: 'tuple', of: args.map((arg) => nativeLayout(withoutName(arg))) }
      break
    case 'Nested':
      return arrayOf({ kind: 'tuple', of: args.map((arg) => nativeLayout(withoutName(arg))) })
    case 'SimpleAggregateFunction':
      return nativeLayout(args.at(-1) ?? '')
  }
  throw refusal('notImplemented', `Native with client_protocol_version: no layout known for type ${type}`)
}

/** `a, Array(b, c), 'd, e'` → its parts at the outermost level. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quote = ''
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    if (quote) {
      if (c === '\\') i++
      else if (c === quote) quote = ''
    } else if (c === "'" || c === '`' || c === '"') quote = c
    else if (c === '(') depth++
    else if (c === ')') depth--
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim())
      from = i + 1
    }
  }
  const last = text.slice(from).trim()
  if (last !== '') parts.push(last)
  return parts
}

/** `name Type` or `` `na me` Type `` → `Type`; a type alone stays. */
function withoutName(argument: string): string {
  const quoted = /^`(?:[^`\\]|\\.)*`\s+/.exec(argument)
  if (quoted) return argument.slice(quoted[0].length)
  const named = /^[A-Za-z_][A-Za-z0-9_]*\s+(?=[A-Z])/.exec(argument)
  return named ? argument.slice(named[0].length) : argument
}
