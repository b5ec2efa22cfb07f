import type { Context, Role } from '../context.ts'
import { takeDataFolder } from '../dataFolder.ts'
import { openLog } from '../openLog.ts'
import { keepDemoServerKey } from '../serverKeys.ts'
import { openShows } from '../shows.ts'
import { checkStart } from './checkStart.ts'
import { startCollector } from './collector.ts'
import { startConsole } from './console.ts'
import { mediaRoutes, startIngest } from './ingest.ts'
import { startRemoteWrite } from './remoteWrite.ts'
import { compareClocks, connectStore, startStore } from './store.ts'
import { startWatch } from './watch.ts'
import { startWrite } from './write.ts'

/** The whole of Firstframe in one process (and the store's child). */
export async function startAll(context: Context, add: <R extends Role>(role: R) => R): Promise<void> {
  const { config } = context
  checkStart(config)
  const giveBack = takeDataFolder(context.data)
  add({ name: 'data folder', readiness: () => undefined, close: async () => giveBack() })
  const log = await openLog(context, { spill: true })
  add({ name: 'log', readiness: () => undefined, close: () => log.close() })
  const access =
    config.store.url === ''
      ? add(await startStore(context))
      : add(await connectStore(context, { reads: true }))
  if (config.store.url !== '') add(compareClocks(context, access))
  add(await startWrite(context, log, access.store))
  add(await startWatch(context, log))
  const shows = await openShows(log, context.name)
  const page = add(await startConsole(context, access, log))
  if (config.remote_write.url !== '') add(startRemoteWrite(context, access.store, config.remote_write))
  const collector = add(await startCollector(context, log, mediaRoutes(context), shows))
  add(await startIngest(context, collector.url))
  console.log(nextSteps(context, page.url, collector.url).join('\n'))
}

/** What the person at the terminal does next. */
function nextSteps({ config, data }: Context, page: string, collector: string): string[] {
  const lines = [
    `Console:  ${page}   open it: until something reports, it shows what to paste into your page`,
    `Beacons:  ${collector}/v1/beacons`,
  ]
  if (config.demo_tenant)
    lines.push(
      `Servers:  media servers, probes and k6 report with the key in ${keepDemoServerKey(config, data).file}: docs/sources.md`,
    )
  if (config.receivers.length === 0)
    lines.push('Pages:    nobody is notified of incidents yet; docs/receivers.md shows how')
  else if (config.public_url === '')
    lines.push(
      `Pages:    their links begin with ${page}; set public_url to an address that your people can open`,
    )
  return lines
}
