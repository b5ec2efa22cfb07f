/** Attributes of a tag by their names; quoted values without their quotes. */
export type Attributes = Readonly<Record<string, string | undefined>>

/** Puts variables into a line or a quoted value. */
export type Substitute = (text: string) => string

/** Reads an attribute list (RFC 8216, 4.2). */
export function readAttributes(text: string, substitute: Substitute): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  for (const [, name, quoted, plain] of text.matchAll(/([A-Z0-9-]+)\s*=\s*(?:"([^"]*)"|([^",\s][^,]*))/g))
    attributes[name!] ??= quoted === undefined ? plain!.trim() : substitute(quoted)
  return attributes
}

/** A decimal number; undefined for anything else. */
export function numberIn(text: string | undefined): number | undefined {
  const found = /^-?\d+(\.\d+)?/.exec(text?.trim() ?? '')
  return found === null ? undefined : Number(found[0])
}

/** The duration of `#EXTINF:2.000,title`, ms. */
export const durationOf = (text: string): number => Math.max(0, (numberIn(text) ?? 0) * 1000)

/** `length` or `length@offset`. */
export function rangeOf(text: string): { readonly length: number; readonly offset?: number } {
  const found = /^(\d+)(?:@(\d+))?$/.exec(text.trim())
  if (found === null) throw new Error(`a byte range that cannot be read: ${text.slice(0, 40)}`)
  return { length: Number(found[1]), offset: found[2] === undefined ? undefined : Number(found[2]) }
}

const REFERENCE = /\{\$([a-zA-Z0-9_-]+)\}/g

/**
 * Variables of a playlist (EXT-X-DEFINE): by their value, from the playlist's own address (`QUERYPARAM`), or from the
 * multivariant playlist (`IMPORT`). Throws, as a player has to, where one is not to be had.
 */
export function variablesOf(
  lines: readonly string[],
  url: string,
  options: { readonly requested?: string; readonly imported?: ReadonlyMap<string, string> },
): { readonly variables: ReadonlyMap<string, string>; readonly substitute: Substitute } {
  const variables = new Map<string, string>()
  const substitute: Substitute = (text) =>
    text.includes('{$')
      ? text.replace(REFERENCE, (whole, name: string) => {
          const value = variables.get(name)
          if (value === undefined) throw new Error(`the variable ${whole} is not defined`)
          return value
        })
      : text
  for (const line of lines) {
    if (!line.startsWith('#EXT-X-DEFINE:')) continue
    const { NAME, VALUE, IMPORT, QUERYPARAM } = readAttributes(line.slice(line.indexOf(':') + 1), substitute)
    if (NAME !== undefined) variables.set(NAME, VALUE ?? '')
    else if (IMPORT !== undefined) {
      const value = options.imported?.get(IMPORT)
      if (value === undefined) throw new Error(`EXT-X-DEFINE imports ${IMPORT}, which nobody defined`)
      variables.set(IMPORT, value)
    } else if (QUERYPARAM !== undefined) {
      const value =
        new URL(url).searchParams.get(QUERYPARAM) ??
        (options.requested === undefined ? null : new URL(options.requested).searchParams.get(QUERYPARAM))
      if (value === null) throw new Error(`EXT-X-DEFINE wants ${QUERYPARAM} from the address, which has none`)
      variables.set(QUERYPARAM, value)
    }
  }
  return { variables, substitute }
}
