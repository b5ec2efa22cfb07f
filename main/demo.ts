import { DEMO } from '../collector/auth/tenants.ts'
import { playLive } from '../rehearsal/playLive.ts'
import type { Scenario } from '../rehearsal/scenarioSchema.ts'
import type { Config } from './config/schema.ts'
import type { Context, Role } from './context.ts'
import { startFestival } from './demo/festival.ts'
import { startPlayers } from './demo/players.ts'
import { lookFor, type Program } from './demo/programs.ts'
import { type DemoStream, startStream } from './demo/stream.ts'

export interface DemoOptions {
  readonly config: Config
  /** Made when the configuration is whole: the demo adds its sources. */
  readonly contextOf: (config: Config) => Context
  /** PATH. */
  readonly path: string
  /** Instead of an audience behind a CDN that breaks: a scripted show. */
  readonly festival: boolean
  readonly sessions: number
  readonly players: number
  /** Seconds until a CDN breaks, and how long it stays so. */
  readonly break_after_s: number
  readonly break_for_s: number
  readonly say: (line: string) => void
}

interface Closable {
  stop(): Promise<void>
}

/** What breaks: one CDN in one region. */
const BROKEN = { cdn: 'cdn-b', region: 'Guangdong' } as const

/** Starts everything, tells what it does, and returns how to stop; what cannot be had is said and left out. */
export async function startDemo(options: DemoOptions): Promise<Closable> {
  const { say, path } = options
  const parts: Closable[] = []
  const stop = async () => {
    for (const part of [...parts].reverse()) await part.stop()
    parts.length = 0
  }
  try {
    const missing: string[] = []
    const find = (program: Program): string | undefined => {
      const found = lookFor(program, path)
      if ('path' in found) return found.path
      missing.push(found.install)
      return undefined
    }
    const [ffmpeg, nginx, chromium] = [find('ffmpeg'), find('nginx'), find('chromium')]
    let stream: DemoStream | undefined
    if (ffmpeg !== undefined && nginx !== undefined) {
      stream = await startStream({ ffmpeg, nginx })
      parts.push(stream)
    }
    const context = options.contextOf(configOf(options.config, stream))
    const { startAll } = await import('./roles/all.ts')
    await startAll(context, <R extends Role>(role: R): R => {
      parts.push({ stop: () => role.close() })
      return role
    })
    const { port, console_port } = context.config
    const collector = `http://127.0.0.1:${port}`
    say(`Open http://127.0.0.1:${console_port}/`)
    if (stream !== undefined) {
      await stream.begin()
      say('A real stream runs: ffmpeg → RTMP → nginx → HLS.')
      if (chromium !== undefined) {
        const { players: count } = options
        const players = await startPlayers({ chromium, stream, collector, count }).catch((error: Error) => {
          missing.push(
            `players (${error.message.split('\n')[0]}): npm install, with the development packages`,
          )
        })
        if (players) {
          parts.push(players)
          say(`${count} real hls.js players watch it in headless Chromium.`)
        }
      }
    }
    for (const line of missing) say(`Left out, for want of ${line}`)
    const page = `http://127.0.0.1:${console_port}`
    const places = { collector, page }
    parts.push(
      options.festival
        ? await startFestival({ ...places, clock: context.clock, key: context.ownKeyOf(DEMO), say })
        : startAudience(options, context, places, stream !== undefined),
    )
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The demo's own settings beside the user's: its media server, its encoder, and that this machine stands for a proxy. */
function configOf(config: Config, stream: DemoStream | undefined): Config {
  const sources =
    stream === undefined
      ? []
      : [
          { type: 'nginx-rtmp', url: stream.statUrl, node: 'ingest-1', show: 'demo' },
          { type: 'ffmpeg', port: stream.progressPort, show: 'demo' },
        ]
  return {
    ...config,
    trusted_proxies: [...config.trusted_proxies, '127.0.0.1', '::1'],
    sources: [...config.sources, ...sources],
  }
}

/** What is made up: an audience with a round every minute, and a link, but for the hops that are real. */
const demoScenario = (viewers: number, real: boolean, now_ms: number): Scenario => ({
  title: 'The demo',
  show: 'demo',
  length_s: 172_800,
  seed: Math.floor(now_ms / 1000),
  audience: {
    viewers,
    join_s: 10,
    apps: { shop: 0.4, video: 0.35, mini: 0.25 },
    pulses: [{ at_s: 30, for_s: 15, every_s: 60, joins: 0, interactions: 0.06 }],
  },
  topology: { silent: real ? ['encoder', 'ingest'] : undefined },
  faults: [{ kind: 'cdn_outage', at_s: 0, for_s: 1, severity: 0.9, place: BROKEN }],
})

/** Some hundred made-up viewers beside the real ones; one CDN breaks after a while, mends, and breaks again. */
function startAudience(
  options: DemoOptions,
  { clock, ownKeyOf }: Context,
  { collector: url, page }: { readonly collector: string; readonly page: string },
  real: boolean,
): Closable {
  const { sessions, break_after_s, break_for_s, say } = options
  const show = playLive({ url, scenario: demoScenario(sessions, real, clock()), clock, key: ownKeyOf(DEMO) })
  say(
    `${sessions} synthetic viewers watch behind three CDNs. In ${break_after_s} s, cdn-b breaks in Guangdong.`,
  )
  let timer: NodeJS.Timeout
  const later = (seconds: number, act: () => void) => {
    timer = setTimeout(act, seconds * 1000)
  }
  let stopped = false
  const breaks = () => {
    show.strike()
    say('Now cdn-b is broken in Guangdong.')
    later(break_for_s, mends)
    void found(clock())
  }
  /** Says what the watcher says, as soon as it says it. */
  const found = async (since_ms: number) => {
    while (!stopped && clock() - since_ms < break_for_s * 1000) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      const listed = await fetch(`${page}/api/incidents?show=demo`).catch(() => undefined)
      if (listed?.ok !== true) continue
      const incidents = (await listed.json()) as { id: string; opened_ms: number; summary_en: string }[]
      const incident = incidents.find(({ opened_ms }) => opened_ms >= since_ms - 1000)
      if (incident === undefined) continue
      const seconds = Math.max(0, (incident.opened_ms - since_ms) / 1000).toFixed(0)
      return say(`Found after ${seconds} s: ${incident.summary_en}\n        ${page}/incident/${incident.id}`)
    }
  }
  const mends = () => {
    show.mend()
    say(
      `cdn-b is mended: the incident resolves. It breaks again in ${break_for_s * 2} s. Ctrl-C ends the demo.`,
    )
    later(break_for_s * 2, breaks)
  }
  later(break_after_s, breaks)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await show.stop()
    },
  }
}
