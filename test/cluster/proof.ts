/**
 * `npm run proof:cluster -- --url http://clickhouse:8123 --cluster firstframe [--user … --password …] [--json]`: whether
 * Firstframe's tables do on a ClickHouse cluster what they do on one machine, in a database of its own that is dropped again.
 * Without `--cluster`, the same on a single server. Exit code 0: proven; 1: not.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../main/config/load.ts'
import { createContext } from '../../main/context.ts'
import { migratorOf } from '../../main/roles/store.ts'
import { createStore, type Store } from '../../store/client.ts'
import { createTelemetry } from '../../telemetry/telemetry.ts'
import { CHECKS, type Proof } from './checks.ts'

export interface ProofOptions {
  readonly url: string
  readonly user: string
  readonly password: string
  /** Name of the cluster, as the servers know it; empty: one server. */
  readonly cluster: string
  readonly tell: (result: Result) => void
}

export interface Result {
  readonly check: string
  readonly ok: boolean
  /** What was seen, or what went wrong. */
  readonly detail: string
  readonly seconds: number
}

/** Runs every check, in order, and drops what it made. */
export async function prove({
  url,
  user,
  password,
  cluster,
  tell,
}: ProofOptions): Promise<readonly Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-proof-'))
  const database = `firstframe_proof_${process.pid}_${Date.now().toString(36)}`
  const config = loadConfig({
    environment: {},
    flags: { data: folder, store: { url, user, password, database, cluster } },
  })
  const context = createContext(config, createTelemetry({ level: 'error', version: 'proof' }))
  const connect = (name = database): Store => createStore({ url, user, password, database: name, cluster })
  const store = connect()
  const plain = connect('default')
  const proof: Proof = {
    store,
    database,
    cluster,
    migrator: () => migratorOf(context, store),
    // Each replica's own tables, whichever server is asked.
    everywhere: (table) =>
      cluster === ''
        ? table
        : `clusterAllReplicas('${cluster}', ${table.includes('.') ? table : `${database}.${table}`})`,
  }
  const results: Result[] = []
  try {
    for (const [check, run] of Object.entries(CHECKS)) {
      const began = performance.now()
      const [ok, detail] = await run(proof).then(
        (seen) => [true, seen] as const,
        (error: unknown) => [false, error instanceof Error ? error.message : String(error)] as const,
      )
      const result = { check, ok, detail, seconds: Math.round((performance.now() - began) / 10) / 100 }
      results.push(result)
      tell(result)
      // Without tables nothing else can be said.
      if (!ok && check === 'tables') break
    }
  } finally {
    const on = cluster === '' ? '' : ` ON CLUSTER '${cluster}'`
    await plain.exec(`DROP DATABASE IF EXISTS ${database}${on} SYNC`).catch(() => undefined)
    await Promise.all([store.close(), plain.close()])
    await rm(folder, { recursive: true, force: true })
  }
  return results
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      user: { type: 'string', default: 'default' },
      password: { type: 'string', default: '' },
      cluster: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  })
  const { url, user, password, cluster, json } = values
  if (url === undefined) {
    console.error('Which one? npm run proof:cluster -- --url http://clickhouse:8123 --cluster firstframe')
    process.exit(2)
  }
  const results = await prove({
    url,
    user,
    password,
    cluster,
    tell: (result) =>
      console.log(
        json ? JSON.stringify(result) : `${result.ok ? 'holds' : 'FAILS'}  ${result.check}: ${result.detail}`,
      ),
  })
  if (!results.every(({ ok }) => ok)) process.exit(1)
}
