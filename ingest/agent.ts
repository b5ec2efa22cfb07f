import type { Emit } from '../schemas/facts.ts'
import type { LivekitOptions } from './livekit/webhook.ts'
import { fileBytes } from './recording.ts'
import { ingestRoutes } from './routes.ts'
import { sendBeacons } from './sendBeacons.ts'
import { serveRoutes } from './serveRoutes.ts'
import { type SourceConfig, type Stoppable, startSources } from './sources.ts'

export interface AgentOptions {
  /** The collector's origin. */
  readonly url: string
  /** The tenant's write key. */
  readonly key: string
  readonly sources: readonly SourceConfig[]
  /** Takes hooks too, for servers on this machine. */
  readonly hooks?: { readonly host?: string; readonly port: number }
  /** Secrets that sign stream keys. None: publishing is free. */
  readonly publishSecrets?: readonly string[]
  readonly livekit?: LivekitOptions['apiKeys']
  readonly emit: Emit
  readonly clock: () => number
}

/**
 * The command `firstframe agent`: everything of this folder on a machine without a collector, an encoder's or a media
 * server's. What is said goes to the collector as beacons. Hooks here need no key: they listen on loopback.
 */
export async function startAgent(
  options: AgentOptions,
): Promise<Stoppable & { readonly hooksUrl: string | undefined }> {
  const { sources, hooks, publishSecrets = [], livekit, emit, clock } = options
  const beacons = sendBeacons({ url: options.url, key: options.key, emit, clock })
  const running: Stoppable[] = [beacons]
  let hooksUrl: string | undefined
  try {
    if (hooks !== undefined) {
      const routes = ingestRoutes({
        // The key in the beacons says whose they are.
        tenantOf: () => '',
        publishSecrets: () => publishSecrets,
        livekit,
        fileBytes,
        emit,
        clock,
      })
      const server = await serveRoutes({ ...hooks, routes, send: beacons.send, emit })
      hooksUrl = server.url
      running.push(server)
    }
    running.push(await startSources({ sources, send: beacons.send, emit, clock }))
  } catch (error) {
    for (const each of running.reverse()) await each.stop()
    throw error
  }
  return {
    hooksUrl,
    stop: async () => {
      for (const each of running.reverse()) await each.stop()
    },
  }
}
