import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element: attributes and children by their names, without prefixes. */
export type Element = Readonly<Record<string, unknown>>

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  isArray: (_name, _path, _leaf, attribute) => !attribute,
})

/** The MPD element of a manifest, or in words why there is none. */
export function readMpd(text: string): Element | string {
  if (!/<(\w+:)?MPD[\s>]/.test(text.slice(0, 16_384))) return 'there is no MPD element in it'
  // Entities of its own can unpack to gigabytes, and no manifest needs any.
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return 'it declares a document type'
  const valid = XMLValidator.validate(text)
  if (valid !== true) return `not well-formed XML, line ${valid.err.line}: ${valid.err.msg}`
  const mpd = childrenOf(parser.parse(text) as Element, 'MPD')[0]
  return mpd ?? 'there is no MPD element in it'
}

/** The children of an element with a name, in order. */
export function childrenOf(element: Element | undefined, name: string): readonly Element[] {
  const found = element?.[name]
  if (!Array.isArray(found)) return []
  // An element without attributes or children is read as its text.
  return found.map((each) =>
    typeof each === 'object' && each !== null ? (each as Element) : { '#text': each },
  )
}

/** The first child of an element with a name. */
export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  childrenOf(element, name)[0]

/** An attribute’s text; undefined where it is missing. */
export const attributeOf = (element: Element | undefined, name: string): string | undefined => {
  const value = element?.[`@${name}`]
  return typeof value === 'string' ? value : undefined
}

/** An attribute as a number; undefined where it is missing or none. */
export function numberOf(element: Element | undefined, name: string): number | undefined {
  const text = attributeOf(element, name)
  if (text === undefined || text.trim() === '') return undefined
  const value = text === 'INF' ? Number.POSITIVE_INFINITY : Number(text)
  return Number.isNaN(value) ? undefined : value
}

/** A whole number as it is written: times in ticks of 100 ns since 1970 are larger than a double holds exactly. */
export function wholeNumberOf(element: Element | undefined, name: string): bigint | undefined {
  const text = attributeOf(element, name)?.trim() ?? ''
  return /^[-+]?\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

/** The text within an element, without white space around it. */
export const textOf = (element: Element | undefined): string => String(element?.['#text'] ?? '').trim()

/** Milliseconds of an ISO 8601 duration of years, months, days, hours, minutes and seconds (`PT1M2.5S`). */
export function isoDuration_ms(text: string | undefined): number | undefined {
  const found = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(
    text ?? '',
  )
  if (!found || text === 'P') return undefined
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(1)
    .map((part) => Number(part ?? 0))
  const allDays = days + 30 * months + 365 * years
  return (allDays * 86_400 + hours * 3_600 + minutes * 60 + seconds) * 1000
}
