import type { AddressInfo } from 'node:net'
import { createConsole } from '../../console/server/console.ts'
import type { Context, Role } from '../context.ts'
import { ListenError } from '../listen_error.ts'
import type { StoreAccess } from './store.ts'

/** Serves the console's port. */
export async function startConsole(
  context: Context,
  access: StoreAccess,
): Promise<Role & { readonly url: string }> {
  const { config, telemetry, emit } = context
  const app = createConsole({
    sql: { url: access.url, ...access.reader },
    metrics: async () => ({ contentType: telemetry.contentType, text: await telemetry.metrics() }),
  })
  try {
    await app.listen({ host: config.console_host, port: config.console_port })
  } catch (error) {
    throw new ListenError('console_port', config.console_port, error)
  }
  const { port } = app.server.address() as AddressInfo
  emit({ type: 'started', role: 'console' })
  return {
    name: 'console',
    url: `http://127.0.0.1:${port}`,
    readiness: () => undefined,
    async close() {
      await app.close()
      emit({ type: 'stopped', role: 'console' })
    },
  }
}
