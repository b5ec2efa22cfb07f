import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultFloor_bytes } from '../log/diskSpace.ts'
import { checkStorage } from '../log/lmdb.ts'
import { topics } from '../schemas/topics.ts'
import { createHouseClock, readKnownTime } from './clock.ts'
import type { Config } from './config/schema.ts'
import { keptSecret } from './keptSecret.ts'
import { readRules } from './receivers.ts'
import { checkStart } from './roles/checkStart.ts'

/** What one check found. `bad` stops Firstframe or loses something; `warn` will. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'bad'
  /** What it is, and how to mend it. */
  readonly text: string
}

export interface DoctorOptions {
  readonly config: Config
  /** The configuration file, when there is one. */
  readonly file: string | undefined
  readonly version: string
  readonly now: () => number
}

const YEAR_MS = 365 * 24 * 3_600_000
const CLOCKS_MS = 2_000
const PATIENCE_MS = 5_000

const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
const warn = (check: string, text: string): Finding => ({ check, state: 'warn', text })
const bad = (check: string, text: string): Finding => ({ check, state: 'bad', text })

/** Checks what Firstframe depends on, without starting it: it may run meanwhile. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { config } = options
  const folder = resolve(config.data)
  const findings = [checkVersion(options.version), checkFile(options), ...checkFolder(folder, options.now())]
  if (config.log.kind === 'embedded') findings.push(await checkLog(join(folder, 'log')))
  else findings.push(...(await checkKafka(options)), await checkSpill(join(folder, 'spill')))
  findings.push(...(await checkStore(options)))
  return findings
}

function checkVersion(version: string): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
  const text = `Firstframe ${version}, Node.js ${process.versions.node}`
  return major > 20 || (major === 20 && minor >= 18)
    ? ok('versions', text)
    : bad('versions', `${text}: install Node.js 20.18 or later`)
}

function checkFile({ config, file }: DoctorOptions): Finding {
  try {
    // On Kafka each role has a process, and ports, of its own.
    if (config.log.kind === 'embedded') checkStart(config)
    else readRules(config.rules)
  } catch (error) {
    return bad('config', (error as Error).message)
  }
  if (file === undefined || !existsSync(file)) return ok('config', 'no file: defaults and environment')
  const secrets = config.tenants.length > 0 || config.receivers.length > 0 || config.store.password !== ''
  if (secrets && (statSync(file).mode & 0o007) !== 0)
    return warn('config', `${file} holds secrets and every user can read it: chmod 640 ${file}`)
  return ok('config', `${file} is right`)
}

function checkFolder(folder: string, now_ms: number): Finding[] {
  if (!existsSync(folder)) return [ok('data', `${folder} is made at the first start`)]
  const findings: Finding[] = []
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    findings.push(ok('data', `${folder} can be written`))
  } catch {
    findings.push(bad('data', `${folder} cannot be written by this user: chown it, or set data`))
  }
  findings.push(checkDisk(folder), checkClock(folder), checkSecret(folder, now_ms))
  return findings
}

function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder)
  const free_bytes = bavail * bsize
  const floor_bytes = defaultFloor_bytes(folder)
  const text = `${(free_bytes / 1e9).toFixed(2)} GB free; below ${(floor_bytes / 1e9).toFixed(2)} GB beacons are refused`
  if (free_bytes < floor_bytes) return bad('disk', `${text}: free some space, or lower store.max_bytes`)
  return free_bytes < 4 * floor_bytes ? warn('disk', text) : ok('disk', text)
}

function checkClock(folder: string): Finding {
  const known_ms = readKnownTime(folder)
  if (known_ms === undefined) {
    const text = 'there is no last known time to compare with'
    return existsSync(join(folder, 'clock'))
      ? warn('clock', `${join(folder, 'clock')} is damaged: ${text}; the next start writes it again`)
      : ok('clock', text)
  }
  const clock = createHouseClock({
    wall: Date.now,
    monotonic: () => performance.now(),
    awake: () => undefined,
    known_ms,
  })
  const problem = clock.problem()
  if (problem !== undefined) return bad('clock', problem)
  return ok('clock', `later than the last known time, ${new Date(known_ms).toISOString()}`)
}

function checkSecret(folder: string, now_ms: number): Finding {
  const path = join(folder, 'secret')
  if (!existsSync(path)) return ok('secret', 'made at the first start')
  const { mode, mtimeMs } = statSync(path)
  try {
    keptSecret(folder, 'secret', 'viewers of earlier days count as new')
  } catch (error) {
    return bad('secret', (error as Error).message)
  }
  if ((mode & 0o077) !== 0) return warn('secret', `${path} could be read by other users; it is mode 600 now`)
  const age_days = Math.max(0, Math.floor((now_ms - mtimeMs) / (24 * 3_600_000)))
  return now_ms - mtimeMs > YEAR_MS
    ? warn(
        'secret',
        `${age_days} days old: remove ${path} at a quiet time to make a new one; viewers of earlier days count as new`,
      )
    : ok('secret', `${age_days} days old, mode 600`)
}

async function checkLog(folder: string): Promise<Finding> {
  if (!existsSync(join(folder, 'data.mdb'))) return ok('log', 'made at the first start')
  const owner = readFileSync(join(folder, 'owner'), 'utf8').trim()
  try {
    await checkStorage(folder)
    return ok(
      'log',
      `${folder} is whole${owner.startsWith('closed') ? '' : ' (it was not closed in order, or is in use)'}`,
    )
  } catch (error) {
    return bad('log', (error as Error).message)
  }
}

async function checkSpill(folder: string): Promise<Finding> {
  if (!existsSync(join(folder, 'data.mdb'))) return ok('spill', 'nothing waits on the disk')
  try {
    await checkStorage(folder)
    return ok('spill', `${folder} is whole`)
  } catch (error) {
    return bad('spill', (error as Error).message)
  }
}

async function checkKafka({ config }: DoctorOptions): Promise<Finding[]> {
  const { brokers, partitions } = config.log
  if (brokers.length === 0)
    return [bad('kafka', 'log.brokers is empty: set FIRSTFRAME_LOG_BROKERS=host:port,host:port')]
  const { inspectKafka } = await import('./kafka.ts')
  const names = topics(partitions)
  try {
    const found = await Promise.race([
      inspectKafka(config.log),
      new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref(),
      ),
    ])
    const missing = names.filter(({ name }) => !found.topics.has(name))
    const fewer = names.filter(({ name, partitions }) => (found.topics.get(name) ?? partitions) < partitions)
    const findings = [ok('kafka', `${found.brokers} brokers answer`)]
    if (missing.length > 0)
      findings.push(warn('kafka', `${missing.length} topics are missing: the first start makes them`))
    if (fewer.length > 0)
      findings.push(
        warn(
          'kafka',
          `${fewer.map(({ name }) => name).join(', ')}: fewer partitions than log.partitions ${partitions}; the next start adds them`,
        ),
      )
    return findings
  } catch (error) {
    return [
      bad(
        'kafka',
        `${brokers.join(', ')}: ${(error as Error).message}. Check the addresses, log.tls and log.sasl.`,
      ),
    ]
  }
}

async function checkStore({ config }: DoctorOptions): Promise<Finding[]> {
  if (config.store.url === '') {
    const folder = join(resolve(config.data), 'store')
    return [ok('store', existsSync(folder) ? `embedded, in ${folder}` : 'embedded; made at the first start')]
  }
  const { createStore } = await import('../store/client.ts')
  const store = createStore(config.store)
  try {
    const [row] = await store.query<{ version: string; now_ms: number }>(
      'SELECT version() AS version, toFloat64(toUnixTimestamp64Milli(now64(3))) AS now_ms',
    )
    const differs_ms = row!.now_ms - Date.now()
    const findings = [ok('store', `ClickHouse ${row!.version} at ${config.store.url}`)]
    if (Math.abs(differs_ms) > CLOCKS_MS)
      findings.push(
        bad(
          'clock',
          `the store's clock differs by ${Math.round(differs_ms / 1_000)} s from this machine's: set the one that is wrong`,
        ),
      )
    return findings
  } catch (error) {
    return [
      bad(
        'store',
        `${config.store.url}: ${(error as Error).message}. Check store.url, store.user and store.password.`,
      ),
    ]
  } finally {
    await store.close()
  }
}
