import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../stream/childProcess.ts'
import { freePort } from '../stream/freePort.ts'
import { findProgram } from '../stream/programs.ts'
import { waitFor } from '../stream/waitFor.ts'

export const EDGE_SECRET = 'a-secret-of-the-edges'
const SEND_MS = 500

/** One CDN: an nginx that caches what its origin gives, and hands its log to the collector. */
export interface Edge {
  readonly url: string
  /** 'slow': a few kB a second to each viewer. 'broken': 503 for everything. */
  readonly fault: (kind: 'slow' | 'broken' | undefined) => Promise<void>
  readonly stop: () => Promise<void>
}

/** The log's lines are those of `docs/sources.md`; the host's name is the edge's, since both run on one machine. */
const config = (
  dir: string,
  port: number,
  { name, origin }: { name: string; origin: string },
): string => `daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr error;
events { worker_connections 512; }
http {
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((part) => `  ${part}_temp_path ${dir}/temp-${part};`).join('\n')}
  log_format firstframe escape=json '{"time":"$msec","node":"${name}-1","uri":"$uri","args":"$args","status":"$status",'
    '"bytes":"$bytes_sent","ttfb":"$upstream_header_time","cache":"$upstream_cache_status",'
    '"upstream":"$upstream_addr","upstream_status":"$upstream_status"}';
  access_log ${dir}/edge.log firstframe;
  proxy_cache_path ${dir}/cache keys_zone=media:1m max_size=64m;
  server {
    listen 127.0.0.1:${port};
    set $rate 0;
    if (-f ${dir}/slow) { set $rate 4k; }
    if (-f ${dir}/broken) { return 503; }
    limit_rate $rate;
    location /media/ {
      proxy_pass ${origin};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 2s;
      proxy_cache media;
      proxy_cache_lock on;
      proxy_ignore_headers Cache-Control Expires;
      proxy_cache_valid 200 30s;
      location ~ \\.m3u8$ {
        proxy_pass ${origin};
        proxy_cache_valid 200 1s;
      }
    }
  }
}
`

/** Starts a caching edge in front of `origin`; its log goes to `POST /v1/edge?source=NAME`. */
export async function startEdge(options: {
  readonly name: string
  readonly origin: string
  readonly collector: string
}): Promise<Edge> {
  const { name, collector } = options
  const dir = await mkdtemp(join(tmpdir(), `firstframe-${name}-`))
  await mkdir(join(dir, 'cache'))
  const port = await freePort()
  await writeFile(join(dir, 'nginx.conf'), config(dir, port, options))
  const child = startChild({
    command: findProgram('nginx'),
    args: ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf')],
  })
  await waitFor(() => existsSync(join(dir, 'edge.log')) && existsSync(join(dir, 'nginx.pid')), {
    what: `${name} to start`,
    detail: child.log,
  })
  const log = await open(join(dir, 'edge.log'), 'r')
  let sent = 0
  let sending: Promise<void> | undefined
  async function send(): Promise<void> {
    const { size } = await log.stat()
    const { buffer, bytesRead } = await log.read(Buffer.alloc(size - sent), 0, size - sent, sent)
    const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1
    if (end === 0) return
    const answer = await fetch(`${collector}/v1/edge?source=${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${EDGE_SECRET}` },
      body: buffer.subarray(0, end),
    })
    const text = await answer.text()
    // A busy collector makes a CDN send the same again.
    if (answer.status === 503) return
    sent += end
    if (answer.status !== 204) throw new Error(`/v1/edge answered ${answer.status}: ${text}`)
  }
  const timer = setInterval(() => {
    sending ??= send().finally(() => {
      sending = undefined
    })
  }, SEND_MS)
  return {
    url: `http://127.0.0.1:${port}`,
    fault: async (kind) => {
      for (const each of ['slow', 'broken']) await rm(join(dir, each), { force: true })
      if (kind !== undefined) await writeFile(join(dir, kind), '')
    },
    stop: async () => {
      clearInterval(timer)
      await sending?.catch(() => undefined)
      await log.close()
      await child.stop()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
