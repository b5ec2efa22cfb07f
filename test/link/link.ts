import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Firstframe, startFirstframe } from '../pipeline/firstframe.ts'
import { startChild } from '../stream/childProcess.ts'
import { FFMPEG_QUIET, startEncoder } from '../stream/encoder.ts'
import { freePort } from '../stream/freePort.ts'
import { hlsOutput } from '../stream/hlsOutput.ts'
import { startMediaServer } from '../stream/mediaServer.ts'
import { pictureEncode } from '../stream/picture.ts'
import { findProgram } from '../stream/programs.ts'
import { playable, published } from '../stream/published.ts'
import { startShaper } from '../stream/shaper.ts'
import { waitFor } from '../stream/waitFor.ts'
import { EDGE_SECRET, startEdge } from './edges.ts'
import { starve } from './starve.ts'
import { startUplink } from './uplink.ts'
import { startViewers, type Viewers } from './viewers.ts'

const SHOW = 'link'
const STREAM = 'main'
const LOOK_MS = 100
const CDNS = ['cdn-a', 'cdn-b'] as const

/** Quiet play before the first fault: what is normal. */
export const LEARN_MS = 35_000

/** A fault of one part of the link, and what is to be said of it. */
export interface LinkFault {
  readonly name: string
  /** The hops that may be named. */
  readonly hops: readonly Hop[]
  readonly cause: Readonly<Record<string, string>>
  /** Breaks it; resolves with how to mend it. */
  readonly begin: () => Promise<() => unknown> | (() => unknown)
}

export interface LiveIncident {
  readonly id: string
  readonly state: 'open' | 'resolved'
  readonly hop: Hop
  readonly cause: Readonly<Record<string, string>>
  readonly summary_en: string
  readonly opened_ms: number
}

export interface Link {
  readonly firstframe: Firstframe
  readonly viewers: Viewers
  readonly faults: readonly LinkFault[]
  readonly incidents: () => Promise<readonly LiveIncident[]>
  /** Resolves when all play and nothing is open. */
  readonly calm: (timeout_ms: number) => Promise<void>
}

type Own = <T extends { readonly stop: () => unknown } | (() => unknown)>(part: T) => T

/**
 * A real link: ffmpeg → a line → nginx-rtmp → ffmpeg → HLS files of nginx → a line → two caching nginx as two CDNs → viewers
 * who fetch. Each hop reports as `docs/sources.md` says.
 */
export async function startLink(own: Own, options: { readonly viewers: number }): Promise<Link> {
  const progressPort = await freePort()
  const server = own(await startMediaServer())
  const folder = join(server.mediaDir, STREAM)
  await mkdir(join(folder, '0'), { recursive: true })
  const config = join(server.mediaDir, 'firstframe.yaml')
  await writeFile(
    config,
    stringify({
      trusted_proxies: ['127.0.0.1'],
      sources: [
        { type: 'nginx-rtmp', url: server.statUrl, node: 'ingest-1', show: SHOW, tap: server.rtmpUrl },
        { type: 'ffmpeg', port: progressPort, show: SHOW },
      ],
      edge: CDNS.map((name) => ({
        ...{ name, format: 'nginx', secret: EDGE_SECRET, show: SHOW },
        stream: '/media/([^/]+)/',
      })),
    }),
  )
  const firstframe = await startFirstframe({ args: ['--config', config] })
  own(() => firstframe.dispose())
  const progress = (query: string) => `http://127.0.0.1:${progressPort}/${STREAM}?${query}`

  const uplink = own(await startUplink(server.rtmpPort))
  const encoder = own(
    startEncoder({
      rtmpUrl: `rtmp://127.0.0.1:${uplink.port}/live`,
      stream: STREAM,
      progressUrl: progress('node=encoder-1'),
    }),
  )
  await published(server, STREAM)
  const transcoder = own(
    startChild({
      command: findProgram('ffmpeg'),
      args: [
        ...FFMPEG_QUIET,
        ...['-progress', progress('node=transcode-1&hop=transcode'), '-stats_period', '1'],
        ...['-rtmp_live', 'live', '-i', `${server.rtmpUrl}/${STREAM}`],
        ...pictureEncode({}, 1, '0:a'),
        ...hlsOutput(folder, 1),
      ],
    }),
  )
  const path = `/media/${STREAM}/0/index.m3u8`
  await playable(`${server.httpUrl}${path}`, 3, transcoder.log)
  const line = own(await startShaper({ target: server.httpUrl }))
  const edges = await Promise.all(
    CDNS.map(async (name) => own(await startEdge({ name, origin: line.url, collector: firstframe.url }))),
  )
  const viewers = own(
    startViewers({
      ...{ collector: firstframe.url, show: SHOW, stream: STREAM, path, count: options.viewers },
      cdns: Object.fromEntries(CDNS.map((name, index) => [name, edges[index]!.url])),
    }),
  )

  const incidents = async (): Promise<readonly LiveIncident[]> => {
    const answer = await fetch(`${firstframe.consoleUrl}/api/incidents?show=${SHOW}`)
    return (await answer.json()) as LiveIncident[]
  }
  const atEdge = (kind: 'slow' | 'broken') => async () => {
    await edges[1]!.fault(kind)
    return () => edges[1]!.fault(undefined)
  }
  const faults: LinkFault[] = [
    {
      name: 'origin slow',
      hops: ['origin'],
      cause: {},
      begin: () => line.fault({ path: /./, delay_ms: 2_500 }),
    },
    { name: 'one CDN of two slow', hops: ['edge'], cause: { cdn: 'cdn-b' }, begin: atEdge('slow') },
    {
      name: 'player version',
      hops: ['player'],
      cause: { player_version: '2.1.0' },
      begin: () => {
        viewers.bug = '2.1.0'
        return () => {
          viewers.bug = undefined
        }
      },
    },
    {
      name: 'uplink shaped',
      // The line lies between them: an encoder that cannot send and an ingest that gets too little.
      hops: ['ingest', 'encoder'],
      cause: {},
      begin: () => {
        uplink.set(80)
        return () => uplink.set(Number.POSITIVE_INFINITY)
      },
    },
    {
      name: 'transcoder starved',
      hops: ['transcode'],
      cause: {},
      begin: () => starve(transcoder.pid, 0.35),
    },
    { name: 'one CDN of two 5xx', hops: ['edge'], cause: { cdn: 'cdn-b' }, begin: atEdge('broken') },
    { name: 'origin 5xx', hops: ['origin'], cause: {}, begin: () => line.fault({ path: /./, status: 503 }) },
    {
      name: 'encoder cut',
      hops: ['encoder'],
      cause: {},
      begin: async () => encoder.kill('SIGKILL').then(() => () => {}),
    },
  ]
  return {
    firstframe,
    viewers,
    faults,
    incidents,
    calm: async (timeout_ms) => {
      let open: readonly LiveIncident[] = []
      await waitFor(
        async () => {
          open = (await incidents()).filter(({ state }) => state !== 'resolved')
          return viewers.playing() >= options.viewers * 0.9 && open.length === 0
        },
        {
          what: 'a calm link',
          timeout_ms,
          every_ms: 250,
          detail: () =>
            `${viewers.playing()} of ${options.viewers} play; open: ${JSON.stringify(open)}\n${transcoder.log()}${encoder.log()}`,
        },
      )
    },
  }
}

export interface FaultResult {
  readonly fault: string
  /** From the fault until its incident is open, and until it names the right hop and cause; undefined: not. */
  readonly found_s: number | undefined
  readonly right_s: number | undefined
  /** Every place that was named meanwhile, in order: `hop cause`. */
  readonly named: readonly string[]
  readonly summary: string
}

/** Breaks the link once, looks at what is said until it is right or the time is up, and mends it. */
export async function tryFault(link: Link, fault: LinkFault, patience_ms: number): Promise<FaultResult> {
  const mend = await fault.begin()
  const began = performance.now()
  let found_s: number | undefined
  let right_s: number | undefined
  let summary = ''
  const named = new Set<string>()
  while (right_s === undefined && performance.now() - began < patience_ms) {
    const at_s = (performance.now() - began) / 1000
    for (const { hop, cause, state, summary_en } of await link.incidents()) {
      if (state !== 'open') continue
      found_s ??= at_s
      summary = summary_en
      named.add(`${hop} ${JSON.stringify(cause)}`)
      if (fault.hops.includes(hop) && isPlace(fault, cause)) right_s ??= at_s
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  await mend()
  return { fault: fault.name, found_s, right_s, named: [...named], summary }
}

/** Nodes that stand alone on their hop: to name one is to name the hop. */
const ALONE = new Set(['encoder-1', 'ingest-1', 'transcode-1'])

/** Whether a cause is the fault's place; the edge that a CDN has is the CDN. */
function isPlace({ cause }: LinkFault, named: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(named)
    .filter(([, value]) => !ALONE.has(value))
    .map(([key, value]) => (value === 'cdn-b-1' ? 'cdn=cdn-b' : `${key}=${value}`))
  const wanted = Object.entries(cause).map(([key, value]) => `${key}=${value}`)
  return new Set(pairs).size === wanted.length && wanted.every((pair) => pairs.includes(pair))
}
