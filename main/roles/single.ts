import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../log/log.ts'
import type { Context, Role } from '../context.ts'
import { expectedError } from '../expectedError.ts'
import { openLog } from '../openLog.ts'
import { readRules } from '../receivers.ts'
import { openShowsLater } from '../shows.ts'
import { startCollector } from './collector.ts'
import { startConsole } from './console.ts'
import { mediaRoutes, startIngest } from './ingest.ts'
import { startRemoteWrite } from './remoteWrite.ts'
import { compareClocks, connectStore, startStore } from './store.ts'
import { startWatch } from './watch.ts'
import { startWrite } from './write.ts'

type Add = <R extends Role>(role: R) => R

async function sharedLog(context: Context, add: Add, options: { spill?: boolean } = {}) {
  if (context.config.log.kind === 'embedded') {
    throw expectedError(
      'one role in a process of its own needs a log that processes share: set FIRSTFRAME_LOG_KIND=kafka and FIRSTFRAME_LOG_BROKERS, or run `firstframe all`.',
    )
  }
  const log = await openLog(context, options)
  add({ name: 'log', readiness: () => undefined, close: () => log.close() })
  return log
}

/** Without the log there is nothing to write or to judge: such a role waits for it instead of ending. */
async function whenItAnswers(log: Log): Promise<Log> {
  while (!log.health().ok) await pause(200)
  return log
}

async function sharedStore(context: Context, add: Add, options: { reads?: boolean } = {}) {
  if (context.config.store.url === '') {
    throw expectedError(
      'this role needs a store that is elsewhere: set FIRSTFRAME_STORE_URL to a ClickHouse or to a `firstframe store`.',
    )
  }
  return add(await connectStore(context, options))
}

/** Starts the collector in this process. */
export async function collector(context: Context, add: Add): Promise<void> {
  const log = await sharedLog(context, add, { spill: true })
  const shows = await openShowsLater(log, context.name)
  const { url } = add(await startCollector(context, log, mediaRoutes(context), shows))
  add(await startIngest(context, url))
  console.log(`Beacons: ${url}/v1/beacons`)
}

/** Starts the writer in this process. */
export async function write(context: Context, add: Add): Promise<void> {
  const access = await sharedStore(context, add)
  const { store } = access
  add(compareClocks(context, access))
  add(await startWrite(context, await whenItAnswers(await sharedLog(context, add)), store))
}

/** Starts the watcher in this process. */
export async function watch(context: Context, add: Add): Promise<void> {
  readRules(context.config.rules)
  add(await startWatch(context, await whenItAnswers(await sharedLog(context, add))))
}

/** Starts the console in this process. */
export async function console_(context: Context, add: Add): Promise<void> {
  const log = context.config.log.kind === 'kafka' ? await sharedLog(context, add) : undefined
  const access = await sharedStore(context, add, { reads: true })
  const { url } = add(await startConsole(context, access, log))
  if (context.config.remote_write.url !== '')
    add(startRemoteWrite(context, access.store, context.config.remote_write))
  console.log(`Console: ${url}`)
}

/** Starts the embedded store in this process. */
export async function store(context: Context, add: Add): Promise<void> {
  const { url } = add(await startStore(context))
  console.log(`Store: ${url}`)
}
