import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createKeyRing,
  hashKey,
  type KeptKey,
  type KeyRing,
  readKeyFile,
  type WriteKey,
} from '../collector/auth/keyRing.ts'
import { DEMO } from '../collector/auth/tenants.ts'
import type { Config } from './config/schema.ts'

/** Where `firstframe keys` keeps the hashes of server keys. */
export const keyFileOf = (config: Config, data: string): string => config.key_file || join(data, 'keys.json')

/** The demo tenant's own server key, in the data folder with mode 600: one machine needs no further step. */
const DEMO_KEY_FILE = 'server-key'
const isKey = (text: string): boolean => /^ffs_[A-Za-z0-9_-]{20,}$/.test(text)

/** A new secret server key: `ffs_` and 24 random bytes in base64url. */
export const newServerKey = (): string => `ffs_${randomBytes(24).toString('base64url')}`

/** The demo tenant's server key, or undefined while no collector has started in this data folder. */
export function demoServerKey(data: string): string | undefined {
  try {
    const key = readFileSync(join(data, DEMO_KEY_FILE), 'utf8').trim()
    return isKey(key) ? key : undefined
  } catch {
    return undefined
  }
}

/** The demo tenant's server key; made when the configuration names none and it is not there, or torn. */
export function keepDemoServerKey(
  config: Config,
  data: string,
): { readonly key: string; readonly file: string } {
  const file = join(data, DEMO_KEY_FILE)
  if (config.server_key !== '') return { key: config.server_key, file: 'server_key' }
  const known = demoServerKey(data)
  if (known !== undefined) return { key: known, file }
  const key = newServerKey()
  writeWhole(file, `${key}\n`)
  return { key, file }
}

/** Writes a file of secrets so that it is never seen in part. */
export function writeWhole(file: string, text: string): void {
  const beside = `${file}.${process.pid}.new`
  writeFileSync(beside, text, { mode: 0o600 })
  renameSync(beside, file)
}

interface Keys {
  readonly config: Config
  readonly data: string
  /** The key by which this process's own parts speak for a tenant. */
  readonly ownKeyOf: (tenant: string) => string
}

/** All write keys that the configuration and this process know, by key. */
export function writeKeys({ config, data, ownKeyOf }: Keys): Record<string, WriteKey> {
  const keys: Record<string, WriteKey> = {}
  if (config.demo_tenant) {
    keys[DEMO] = { tenant: DEMO }
    keys[keepDemoServerKey(config, data).key] = { tenant: DEMO, role: 'server' }
    keys[ownKeyOf(DEMO)] = { tenant: DEMO, role: 'server' }
  }
  for (const { name, key, server_keys = [] } of config.tenants) {
    keys[key] = { tenant: name }
    keys[ownKeyOf(name)] = { tenant: name, role: 'server' }
    for (const each of server_keys) keys[each.key] = { tenant: name, role: 'server', source: each.source }
  }
  return keys
}

/** The keys that a collector takes: the configuration’s, and those of the key file at the clock’s time. */
export const keyRingOf = (keys: Keys, clock: () => number): KeyRing =>
  createKeyRing({ keys: writeKeys(keys), file: keyFileOf(keys.config, keys.data), clock })

/** Makes a server key and keeps its hash. Returns the key, which is shown once and kept nowhere. */
export function addServerKey(
  file: string,
  { tenant, source, now_ms }: { readonly tenant: string; readonly source?: string; readonly now_ms: number },
): { readonly key: string; readonly kept: KeptKey } {
  const key = newServerKey()
  const kept: KeptKey = {
    id: randomBytes(4).toString('hex'),
    tenant,
    source,
    sha256: hashKey(key),
    made_ms: now_ms,
  }
  writeKeyFile(file, [...readKeyFile(file), kept])
  return { key, kept }
}

/** Lets a server key be valid until a time only. Returns it, or undefined when there is none of this id. */
export function retireServerKey(file: string, id: string, until_ms: number): KeptKey | undefined {
  const keys = readKeyFile(file)
  const found = keys.find((each) => each.id === id)
  if (found === undefined) return undefined
  const retired = { ...found, until_ms }
  writeKeyFile(
    file,
    keys.map((each) => (each.id === id ? retired : each)),
  )
  return retired
}

const writeKeyFile = (file: string, keys: readonly KeptKey[]): void =>
  writeWhole(file, `${JSON.stringify({ keys }, null, 1)}\n`)
