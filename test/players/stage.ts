import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { buildPlayer } from '../../player/build.ts'
import { startChild } from '../stream/childProcess.ts'
import {
  findProgram,
  type Line,
  launchBrowser,
  playable,
  published,
  startEncoder,
  startHttpFlv,
  startMediaServer,
  startPackager,
  waitFor,
} from '../stream/index.ts'
import { type Recorder, startRecorder } from './recorder.ts'

export interface StreamSource {
  readonly origin: string
  readonly path: string
  /** How the line must be for the player not to have it all at once. */
  readonly line?: Line
}

/** One live stream in every form the players take, one browser, one recorder: shared by the tests of a file. */
export interface Stage {
  readonly browser: Browser
  readonly recorder: Recorder
  /** Origin and path of each form, to be put behind a shaper. */
  readonly hls: StreamSource
  readonly dash: StreamSource
  readonly flv: StreamSource
  /** An MP4 of a minute, for the element alone. */
  readonly file: StreamSource
  /** The built bundles as files of a page: `/firstframe.js`, … */
  readonly files: Readonly<Record<string, { readonly type: string; readonly body: Buffer }>>
  readonly stop: () => Promise<void>
}

export async function buildFiles(): Promise<Stage['files']> {
  const outdir = await mkdtemp(join(tmpdir(), 'firstframe-player-'))
  const built = await buildPlayer({ outdir })
  const files: Record<string, { type: string; body: Buffer }> = {}
  for (const { name, file } of built) files[name] = { type: 'text/javascript', body: await readFile(file) }
  await rm(outdir, { recursive: true, force: true })
  return files
}

/** Encoder → RTMP → HTTP-FLV, and packaged from there as HLS (two renditions) and DASH. */
export async function startStage(): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = []
  const later = <T extends { stop: () => Promise<unknown> }>(thing: T): T => {
    undo.push(thing.stop)
    return thing
  }
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const flvServer = later(await startHttpFlv())
    const server = later(await startMediaServer())
    const encoder = later(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show', gop: 25, burnClock: true }))
    later(startEncoder({ rtmpUrl: flvServer.rtmpUrl, stream: 'show', gop: 25 }))
    await published(server, 'show')
    const picture = { width: 320, height: 180, bitrate: 400 }
    const hls = later(
      await startPackager({
        ...{ input: `${server.rtmpUrl}/show`, dir: join(server.mediaDir, 'hls'), renditions: 2, picture },
      }),
    )
    const dash = later(
      await startPackager({
        ...{ input: `${server.rtmpUrl}/show`, dir: join(server.mediaDir, 'dash'), renditions: 2, picture },
        ...{ hls: false, dash: {} },
      }),
    )
    const file = startChild({
      command: findProgram('ffmpeg'),
      args: [
        ...[
          '-hide_banner',
          '-nostdin',
          '-loglevel',
          'error',
          '-f',
          'lavfi',
          '-i',
          'testsrc2=size=320x180:rate=25',
        ],
        ...[
          '-t',
          '60',
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-b:v',
          '400k',
          '-minrate',
          '400k',
          '-maxrate',
          '400k',
        ],
        ...['-bufsize', '200k', '-x264-params', 'nal-hrd=cbr', '-g', '25', '-pix_fmt', 'yuv420p'],
        ...['-movflags', '+faststart', join(server.mediaDir, 'file.mp4')],
      ],
    })
    undo.push(file.stop)
    const recorder = later(await startRecorder())
    const [browser, files] = await Promise.all([launchBrowser(), buildFiles()])
    undo.push(() => browser.close())
    await playable(`${server.mediaUrl}/hls/0/index.m3u8`, 3, () => encoder.log() + hls.log())
    await waitFor(async () => (await fetch(`${server.mediaUrl}/dash/manifest.mpd`)).ok, {
      what: 'the MPD',
      detail: dash.log,
    })
    assert.equal(await file.exited, 0, file.log())
    return {
      ...{ browser, recorder, files, stop },
      hls: { origin: server.httpUrl, path: '/media/hls/master.m3u8' },
      dash: { origin: server.httpUrl, path: '/media/dash/manifest.mpd' },
      file: { origin: server.httpUrl, path: '/media/file.mp4', line: { kbps: 620 } },
      flv: { origin: flvServer.httpUrl, path: new URL(flvServer.flvUrl('show')).pathname },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
