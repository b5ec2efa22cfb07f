import { createServer } from 'node:http'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type Listening, listenOn } from '../listening.ts'
import type { Send } from '../sendBeacons.ts'
import { progressHop, progressSession } from './progressSession.ts'

export interface ProgressListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0: a free one. */
  readonly port: number
  readonly send: Send
  readonly emit: Emit
  readonly clock: () => number
  /** Whose reports these are when the URL has no `key`. */
  readonly tenant?: string
  readonly tenantOf?: (key: string | undefined) => string | undefined
  readonly context?: ClientContext
}

/**
 * Takes `ffmpeg -progress ${url}/<stream>`; `?node=`, `?hop=transcode` (or `push`, `standby`, `record`), `?show=` tell more. ffmpeg keeps one POST open as long as it runs and writes a block
 * into it each `-stats_period`, so this cannot be an ordinary address: it reads as the blocks come.
 * A POST that breaks off without `progress=end` is a killed encoder, and is told at once.
 */
export async function startProgressListener(options: ProgressListenerOptions): Promise<Listening> {
  const { send, emit, clock } = options
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://listener')
    const stream = decodeURIComponent(url.pathname.slice(1))
    const query = url.searchParams
    const tenant = options.tenantOf ? options.tenantOf(query.get('key') ?? undefined) : options.tenant
    if (options.tenantOf && tenant === undefined) {
      emit({ type: 'ingest_hook_refused', source: 'ffmpeg', code: 'unknown_key' })
      response.writeHead(403, { connection: 'close' }).end()
      return
    }
    if (stream === '' || request.method !== 'POST') {
      response.writeHead(404, { connection: 'close' }).end()
      return
    }
    const show = query.get('show')
    const session = progressSession({
      hop: progressHop(query.get('hop')),
      node: query.get('node') ?? request.socket.remoteAddress ?? '',
      tenant,
      context: { ...options.context, ...(show === null ? {} : { show }), stream },
    })
    const tell = (groups: Parameters<Send>[0]) => {
      if (groups.length === 0) return
      Promise.resolve(send(groups)).catch((error: unknown) =>
        emit({ type: 'ingest_send_failed', source: 'ffmpeg', error }),
      )
    }
    request.setEncoding('utf8')
    request.on('data', (text: string) => tell(session.read(text, clock())))
    request.on('end', () => response.writeHead(204).end())
    request.on('error', () => undefined)
    request.on('close', () => tell(session.lost()))
  })
  // One request lasts as long as the stream.
  server.requestTimeout = 0
  return listenOn(server, options)
}
