import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './childProcess.ts'
import { freePort } from './freePort.ts'
import { findProgram, RTMP_MODULE } from './programs.ts'
import { waitFor } from './waitFor.ts'

export interface MediaServerOptions {
  /** Where media and nginx's own files go. Default: a folder in the temporary directory, removed by `stop()`. */
  readonly dir?: string
  /** URLs that nginx-rtmp posts its callbacks to. A non-2xx answer to publish or play refuses the client. */
  readonly on_publish?: string
  readonly on_publish_done?: string
  readonly on_update?: string
  readonly on_play?: string
  readonly on_play_done?: string
  /** How often on_update is called, s. Default 1. */
  readonly update_s?: number
  /** More lines of the RTMP application, and of the HTTP part of the configuration. */
  readonly rtmpLines?: string
  readonly httpLines?: string
  /** Fixed ports, to start again where a server was. Default: free ones. */
  readonly rtmpPort?: number
  readonly httpPort?: number
}

export interface MediaServer {
  readonly pid: number
  readonly rtmpPort: number
  readonly httpPort: number
  /** The RTMP application: publish to and play from `${rtmpUrl}/${stream}`. */
  readonly rtmpUrl: string
  readonly httpUrl: string
  /** Files of this folder are served at `mediaUrl`, with CORS and Timing-Allow-Origin. */
  readonly mediaDir: string
  readonly mediaUrl: string
  readonly statUrl: string
  readonly controlUrl: string
  /** Cuts a publisher, as an operator would by nginx-rtmp's control page. */
  readonly dropPublisher: (stream: string) => Promise<void>
  readonly log: () => string
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  readonly stop: () => Promise<void>
}

const CALLBACKS = ['on_publish', 'on_publish_done', 'on_update', 'on_play', 'on_play_done'] as const

/** One process (no master and worker), so that one pid is the whole server. */
function nginxConfig(options: MediaServerOptions, at: { dir: string; rtmp: number; http: number }): string {
  const callbacks = CALLBACKS.flatMap((name) => (options[name] ? [`      ${name} ${options[name]};`] : []))
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `load_module ${RTMP_MODULE};
daemon off;
master_process off;
pid ${at.dir}/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
rtmp {
  server {
    listen 127.0.0.1:${at.rtmp};
    chunk_size 4096;
    notify_update_timeout ${options.update_s ?? 1}s;
    application live {
      live on;
      wait_key on;
      wait_video on;
      sync 10ms;
${callbacks.join('\n')}${options.rtmpLines ?? ''}
    }
  }
}
http {
  ${options.httpLines ?? 'access_log off;'}
  server_tokens off;
${temp.map((name) => `  ${name}_temp_path ${at.dir}/temp-${name};`).join('\n')}
  types {
    application/vnd.apple.mpegurl m3u8;
    application/dash+xml mpd;
    video/mp4 mp4 m4s;
    video/mp2t ts;
  }
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${at.http};
    add_header Access-Control-Allow-Origin * always;
    add_header Access-Control-Allow-Headers * always;
    add_header Access-Control-Expose-Headers * always;
    add_header Access-Control-Max-Age 600 always;
    add_header Timing-Allow-Origin * always;
    location /media/ {
      if ($request_method = OPTIONS) { return 204; }
      alias ${at.dir}/media/;
      expires -1;
    }
    location /stat { rtmp_stat all; }
    location /control { rtmp_control all; }
  }
}
`
}

/** A real nginx with its RTMP module on free ports of 127.0.0.1. Resolves when both ports answer. */
export async function startMediaServer(options: MediaServerOptions = {}): Promise<MediaServer> {
  const nginx = findProgram('nginx')
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'firstframe-media-')))
  const mediaDir = join(dir, 'media')
  await mkdir(mediaDir, { recursive: true })
  const rtmpPort = options.rtmpPort ?? (await freePort())
  const httpPort = options.httpPort ?? (await freePort())
  const config = join(dir, 'nginx.conf')
  await writeFile(config, nginxConfig(options, { dir, rtmp: rtmpPort, http: httpPort }))
  const child = startChild({ command: nginx, args: ['-p', dir, '-e', 'stderr', '-c', config] })
  const httpUrl = `http://127.0.0.1:${httpPort}`
  const remove = () =>
    options.dir === undefined ? rm(dir, { recursive: true, force: true, maxRetries: 5 }) : undefined
  try {
    await waitFor(
      async () => {
        if (!child.running()) throw new Error('nginx ended')
        return (await fetch(`${httpUrl}/stat`)).ok
      },
      { what: 'nginx to answer', detail: child.log },
    )
  } catch (error) {
    await child.kill()
    await remove()
    throw error
  }
  return {
    pid: child.pid,
    rtmpPort,
    httpPort,
    rtmpUrl: `rtmp://127.0.0.1:${rtmpPort}/live`,
    httpUrl,
    mediaDir,
    mediaUrl: `${httpUrl}/media`,
    statUrl: `${httpUrl}/stat`,
    controlUrl: `${httpUrl}/control`,
    dropPublisher: async (stream) => {
      const answer = await fetch(
        `${httpUrl}/control/drop/publisher?app=live&name=${encodeURIComponent(stream)}`,
      )
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`nginx-rtmp control answered ${answer.status}`)
    },
    log: child.log,
    kill: child.kill,
    stop: async () => {
      await child.stop()
      await remove()
    },
  }
}
