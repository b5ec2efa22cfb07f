import { join } from 'node:path'
import { openEmbeddedLog } from '../log/embedded.ts'
import type { Log } from '../log/log.ts'
import { topics } from '../schemas/topics.ts'
import type { Context } from './context.ts'

/** Opens the log the configuration names. */
export async function openLog(
  context: Context,
  { spill = false }: { readonly spill?: boolean } = {},
): Promise<Log> {
  const { config, data, emit, clock } = context
  if (config.log.kind === 'embedded') {
    return openEmbeddedLog({
      path: join(data, 'log'),
      topics: topics(1),
      max_bytes: config.log.max_bytes,
      durableGroups: ['write', 'watch'],
      emit,
      clock,
    })
  }
  const { openKafka } = await import('./kafka.ts')
  return openKafka(context, { spill })
}
