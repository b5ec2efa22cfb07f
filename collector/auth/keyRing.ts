import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** What a write key opens. */
export interface WriteKey {
  readonly tenant: string
  /**
   * `player` (the default): public, since every page that has it shows it; only what a player can know is taken.
   * `server`: secret; every kind of event is taken.
   */
  readonly role?: 'player' | 'server'
  /** Of a server key: the only source it may report for; any when left out. */
  readonly source?: string
}

/** A server key as the key file keeps it: never the key itself. */
export interface KeptKey {
  readonly id: string
  readonly tenant: string
  readonly source?: string
  /** SHA-256 of the key, hex. */
  readonly sha256: string
  readonly made_ms: number
  /** When it stops being valid; never when left out. */
  readonly until_ms?: number
}

/** SHA-256 of a key in hexadecimal: what is kept and compared in place of the key. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex')

/** Longer ones are no keys: nobody makes us hash what they like. */
const LONGEST_KEY = 128
/** A changed key file counts after this long at most. */
const LOOK_EVERY_MS = 2_000

export interface KeyRing {
  /** What a key opens, or undefined. */
  find(key: string): WriteKey | undefined
}

export interface KeyRingOptions {
  readonly keys: Readonly<Record<string, WriteKey>>
  /** The file that `firstframe keys` writes; it may come and change while the collector runs. */
  readonly file?: string
  readonly clock: () => number
}

/** All keys: those of the configuration, and the server keys of the key file, several at once for each source. */
export function createKeyRing({ keys, file, clock }: KeyRingOptions): KeyRing {
  const configured = new Map<string, WriteKey>()
  // Secrets are looked up by their hash: how long it takes tells nothing about them.
  const secrets = new Map<string, WriteKey>()
  for (const [key, entry] of Object.entries(keys))
    if (entry.role === 'server') secrets.set(hashKey(key), entry)
    else configured.set(key, entry)
  let kept = new Map<string, KeptKey>()
  let looked_ms = Number.NEGATIVE_INFINITY
  let version = ''

  function look(now: number): void {
    if (file === undefined || Math.abs(now - looked_ms) < LOOK_EVERY_MS) return
    looked_ms = now
    const stat = statSync(file, { throwIfNoEntry: false })
    const found = stat === undefined ? '' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`
    if (found === version) return
    version = found
    if (stat === undefined) kept = new Map()
    else {
      try {
        kept = new Map(readKeyFile(file).map((each) => [each.sha256, each]))
      } catch {
        // A file that is being written, or broken: the keys known before stay valid, and it is read again when it changes.
      }
    }
  }

  return {
    find(key) {
      const known = configured.get(key)
      if (known !== undefined) return known
      if (key.length > LONGEST_KEY || key.length < 8) return undefined
      const hash = hashKey(key)
      const secret = secrets.get(hash)
      if (secret !== undefined) return secret
      const now = clock()
      look(now)
      const found = kept.get(hash)
      if (found === undefined || (found.until_ms !== undefined && now >= found.until_ms)) return undefined
      return { tenant: found.tenant, role: 'server', source: found.source }
    },
  }
}

/**
 * The server keys of a key file.
 * @throws Error when it is there and is no key file
 */
export function readKeyFile(file: string): KeptKey[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const { keys } = JSON.parse(text) as { keys?: KeptKey[] }
  if (!Array.isArray(keys) || keys.some((each) => typeof each?.sha256 !== 'string'))
    throw new Error(`${file} is not a key file: it has no list \`keys\``)
  return keys
}
