import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { RTMP_MODULE } from './programs.ts'

/** A TCP port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface DemoStream {
  /** Where files of `folder` are served. */
  readonly url: string
  readonly folder: string
  readonly statUrl: string
  readonly progressPort: number
  /** Begins to encode; resolves when the playlist can be played. */
  begin(): Promise<void>
  stop(): Promise<void>
}

const nginxConfig = (dir: string, rtmp: number, http: number): string => `load_module ${RTMP_MODULE};
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
rtmp { server { listen 127.0.0.1:${rtmp}; application live { live on; wait_key on; } } }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${dir}/${name};`).join('\n')}
  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; text/html html; text/javascript js; }
  server {
    listen 127.0.0.1:${http};
    location / { root ${dir}/media; expires -1; add_header Timing-Allow-Origin *; }
    location /stat { rtmp_stat all; }
  }
}
`

async function until(ready: () => Promise<boolean>, child: Child, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (!child.running()) throw new Error(`${what}: ${child.log().trim().split('\n').at(-1)}`)
    if (await ready().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what} does not come`)
}

/** A real stream on this machine: ffmpeg → RTMP → nginx → HLS. */
export async function startStream(programs: {
  readonly ffmpeg: string
  readonly nginx: string
}): Promise<DemoStream> {
  const dir = await mkdtemp(join(tmpdir(), 'firstframe-demo-'))
  const folder = join(dir, 'media')
  await mkdir(folder)
  const [rtmp, http, progressPort] = [await freePort(), await freePort(), await freePort()]
  await writeFile(join(dir, 'nginx.conf'), nginxConfig(dir, rtmp, http))
  const url = `http://127.0.0.1:${http}`
  const children = [startChild(programs.nginx, ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf')])]
  const statUrl = `${url}/stat`
  await until(async () => (await fetch(statUrl)).ok, children[0]!, 'nginx')
  const quiet = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-y']
  return {
    url,
    folder,
    statUrl,
    progressPort,
    async begin() {
      const encoder = startChild(programs.ffmpeg, [
        ...quiet,
        ...['-progress', `http://127.0.0.1:${progressPort}/main?node=encoder-1`, '-stats_period', '1'],
        ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=480x270:rate=25'],
        ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'],
        ...[
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-tune',
          'zerolatency',
          '-pix_fmt',
          'yuv420p',
          '-threads',
          '1',
        ],
        ...['-b:v', '600k', '-maxrate', '600k', '-bufsize', '600k', '-g', '25', '-c:a', 'aac', '-b:a', '64k'],
        ...['-f', 'flv', `rtmp://127.0.0.1:${rtmp}/live/main`],
      ])
      children.push(encoder)
      await until(
        async () => /<name>main<\/name>/.test(await (await fetch(statUrl)).text()),
        encoder,
        'the RTMP stream',
      )
      const packager = startChild(programs.ffmpeg, [
        ...quiet,
        ...['-rtmp_live', 'live', '-i', `rtmp://127.0.0.1:${rtmp}/live/main`, '-c', 'copy'],
        ...['-f', 'hls', '-hls_time', '1', '-hls_list_size', '8', '-hls_delete_threshold', '6'],
        ...['-hls_flags', 'program_date_time+independent_segments+omit_endlist+delete_segments+temp_file'],
        ...['-hls_start_number_source', 'epoch', join(folder, 'main.m3u8')],
      ])
      children.push(packager)
      await until(
        async () => ((await (await fetch(`${url}/main.m3u8`)).text()).match(/#EXTINF/g) ?? []).length >= 3,
        packager,
        'the playlist',
      )
    },
    async stop() {
      for (const child of [...children].reverse()) await child.stop()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
