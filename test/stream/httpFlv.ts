import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startChild } from './childProcess.ts'
import { freePort } from './freePort.ts'
import { waitFor } from './waitFor.ts'

export interface HttpFlvServer {
  readonly pid: number
  /** Publish here: `${rtmpUrl}/${stream}`. */
  readonly rtmpUrl: string
  readonly httpUrl: string
  /** Where a stream is served as endless FLV, with CORS. */
  readonly flvUrl: (stream: string) => string
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** Whether something listens on the port. */
function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** node-media-server in a process of its own: RTMP in, HTTP-FLV out. */
export async function startHttpFlv(): Promise<HttpFlvServer> {
  const dir = await mkdtemp(join(tmpdir(), 'firstframe-flv-'))
  const rtmpPort = await freePort()
  const httpPort = await freePort()
  const config = join(dir, 'config.json')
  await writeFile(
    config,
    JSON.stringify({
      bind: '127.0.0.1',
      notify: { url: '' },
      store: { path: join(dir, 'data'), maxHistory: 100 },
      auth: { play: false, publish: false, secret: '', jwt: { users: [] } },
      rtmp: { port: rtmpPort },
      http: { port: httpPort },
      webadmin: { enable: false },
      record: { auto: false, path: join(dir, 'record') },
    }),
  )
  const main = createRequire(import.meta.url).resolve('node-media-server')
  const child = startChild({
    command: process.execPath,
    args: [join(dirname(main), '../bin/app.js'), '-c', config],
    cwd: dir,
  })
  const stop = async () => {
    await child.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await waitFor(
      async () => {
        if (!child.running()) throw new Error('node-media-server ended')
        return (await listening(rtmpPort)) && (await listening(httpPort))
      },
      { what: 'node-media-server to listen', detail: child.log },
    )
  } catch (error) {
    await stop()
    throw error
  }
  const httpUrl = `http://127.0.0.1:${httpPort}`
  return {
    pid: child.pid,
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}/live`,
    httpUrl,
    flvUrl: (stream) => `${httpUrl}/live/${stream}.flv`,
    log: child.log,
    stop,
  }
}
