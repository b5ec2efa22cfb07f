import type { Context, Role } from '../context.ts'
import { openLog } from '../context.ts'
import { openShows } from '../shows.ts'
import { startCollector } from './collector.ts'
import { startConsole } from './console.ts'
import { mediaRoutes, startIngest } from './ingest.ts'
import { connectStore, startStore } from './store.ts'
import { startWatch } from './watch.ts'
import { startWrite } from './write.ts'

/** The whole of Firstframe in one process (and the store's child). */
export async function startAll(context: Context, add: <R extends Role>(role: R) => R): Promise<void> {
  const { config } = context
  const log = await openLog(context, { spill: true })
  add({ name: 'log', readiness: () => undefined, close: () => log.close() })
  const access = config.store.url === '' ? add(await startStore(context)) : connectStore(context)
  add(await startWrite(context, log, access.store))
  add(await startWatch(context, log))
  const shows = await openShows(log, context.name)
  const page = add(await startConsole(context, access, log))
  const collector = add(await startCollector(context, log, mediaRoutes(context), shows))
  add(await startIngest(context, collector.url))
  console.log(
    [
      `Console:  ${page.url}   open it: until something reports, it shows what to paste into your page`,
      `Beacons:  ${collector.url}/v1/beacons`,
    ].join('\n'),
  )
}
