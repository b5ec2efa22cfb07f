import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ipv4Number, ipv6Prefix } from './addressNumber.ts'
import { decodeRanges, encodeRanges, RangeCollector, type RangeTable, rangeAt } from './rangeTable.ts'

/** The network operator of an address, '' when nobody knows. */
export type OperatorOf = (address: string) => string

interface Operators {
  readonly names: readonly string[]
  readonly ipv4: RangeTable
  readonly ipv6: RangeTable
}

const require = createRequire(import.meta.url)
const LONGEST = 100

/**
 * Loads who announces which addresses, from the package @ip-location-db/asn (RouteViews and DB-IP, CC BY 4.0). Its CSV
 * is read once, a chunk at a time so that requests are answered meanwhile (about a second); what is made of it is kept
 * in `cacheFolder` and read in a few milliseconds afterwards.
 */
export async function loadOperators(cacheFolder?: string): Promise<OperatorOf> {
  const manifest = require.resolve('@ip-location-db/asn/package.json')
  const { version } = require(manifest) as { version: string }
  const cache = cacheFolder === undefined ? undefined : join(cacheFolder, `operators-${version}.bin`)
  let operators = cache === undefined ? undefined : await readCache(cache)
  if (operators === undefined) {
    operators = await build(dirname(manifest))
    if (cache !== undefined) await writeCache(cache, operators)
  }
  const { names, ipv4, ipv6 } = operators
  return function operatorOf(address) {
    const four = address.includes(':') ? undefined : ipv4Number(address)
    if (four !== undefined) return names[rangeAt(ipv4, four) ?? -1] ?? ''
    const six = ipv6Prefix(address)
    return six === undefined ? '' : (names[rangeAt(ipv6, six) ?? -1] ?? '')
  }
}

async function build(folder: string): Promise<Operators> {
  const names: string[] = []
  const indexOf = new Map<string, number>()
  const nameIndex = (name: string): number => {
    let index = indexOf.get(name)
    if (index === undefined) {
      index = names.push(name) - 1
      indexOf.set(name, index)
    }
    return index
  }
  const read = async (file: string, number: (text: string) => number | undefined): Promise<RangeTable> => {
    const ranges = new RangeCollector()
    for await (const line of linesOf(join(folder, file))) {
      const [from = '', to = ''] = line.split(',', 2)
      const start = number(from)
      const end = number(to)
      const name = operatorName(line)
      if (start !== undefined && end !== undefined && name !== '') ranges.add(start, end, nameIndex(name))
    }
    return ranges.table()
  }
  const ipv4 = await read('asn-ipv4-num.csv', Number)
  const ipv6 = await read('asn-ipv6.csv', ipv6Prefix)
  return { names, ipv4, ipv6 }
}

/** The fourth field of `start,end,number,name`, its quotes gone. */
function operatorName(line: string): string {
  const at = line.indexOf(',', line.indexOf(',', line.indexOf(',') + 1) + 1)
  const text = line.slice(at + 1)
  return (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text).slice(0, LONGEST)
}

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 256 << 10 })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Reads the cache; undefined when it is missing or incomplete. */
async function readCache(file: string): Promise<Operators | undefined> {
  try {
    const bytes = await readFile(file)
    const { buffer } = new Uint8Array(bytes)
    const ipv4 = decodeRanges(buffer, 0)
    const ipv6 = decodeRanges(buffer, ipv4.end)
    const names = JSON.parse(Buffer.from(buffer, ipv6.end).toString()) as string[]
    return { names, ipv4: ipv4.table, ipv6: ipv6.table }
  } catch {
    return undefined
  }
}

async function writeCache(file: string, { names, ipv4, ipv6 }: Operators): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const half = `${file}.${process.pid}`
  await writeFile(
    half,
    Buffer.concat([encodeRanges(ipv4), encodeRanges(ipv6), Buffer.from(JSON.stringify(names))]),
  )
  await rename(half, file)
}
