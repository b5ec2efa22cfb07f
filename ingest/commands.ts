import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { type Command, InvalidArgumentError } from 'commander'
import { parse } from 'yaml'
import type { Emit } from '../schemas/facts.ts'
import { startAgent } from './agent.ts'
import { runCueInserter } from './sei/runCueInserter.ts'
import { sendBeacons } from './sendBeacons.ts'
import { readSources } from './sources.ts'
import { streamKey } from './streamKey.ts'

export interface IngestCommandsOptions {
  readonly input: Readable
  /** What a command prints; of `cue insert` it is the stream, so facts must go elsewhere. */
  readonly output: Writable
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
  /** Resolves when the process is asked to end. */
  readonly stopped: Promise<unknown>
  /**
   * Whether a collector takes this key; a sentence when it does not answer yet.
   * @throws an expected error when waiting cannot help
   */
  readonly checkCollector: (check: {
    readonly collector: string
    readonly key: string
    readonly source?: string
  }) => Promise<string | undefined>
  /** Standard error: what is not a command's result. */
  readonly warn: (text: string) => void
  /** The secret that signs stream keys where the command line names none. */
  readonly streamSecret?: string
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A length of time such as `90m`, `12h`, `7d`, in ms. */
function duration(text: string): number {
  const found = /^(\d+)([smhd])$/.exec(text)
  if (found === null) throw new InvalidArgumentError('It is a number and s, m, h or d: 90m, 12h, 7d.')
  return Number(found[1]) * UNITS[found[2] as keyof typeof UNITS]
}

function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('It is a port.')
  return value
}

/** An error that a person can mend. */
const mendable = (message: string) => Object.assign(new Error(message), { expected: true })

interface AgentFlags {
  readonly collector: string
  readonly key: string
  readonly sources?: string
  readonly hooksPort?: number
  readonly secret?: string
}

interface InsertFlags {
  readonly port: number
  readonly token?: string
  readonly collector?: string
  readonly key?: string
  readonly show?: string
  readonly stream?: string
}

interface SendFlags {
  readonly url: string
  readonly data?: string
  readonly keyFrame?: true
  readonly token?: string
}

/** Adds `agent`, `cue insert`, `cue send` and `stream-key` to the program. */
export function registerIngestCommands(program: Command, options: IngestCommandsOptions): void {
  const { input, output, emit, clock } = options
  const print = (text: string) => output.write(`${text}\n`)

  program
    .command('stream-key <stream>')
    .description('sign a stream key that lets an encoder publish this stream')
    .option('--app <name>', 'application of the media server', 'live')
    .option('--for <time>', 'how long it may be used to begin: 90m, 12h, 7d', duration, 12 * UNITS.h)
    .option('--secret <text>', 'one of the tenant’s publish_secrets')
    .action((stream: string, flags: { app: string; for: number; secret?: string }) => {
      const secret = flags.secret ?? options.streamSecret
      if (!secret) throw mendable('A secret is needed: --secret, the first of the tenant’s publish_secrets.')
      print(streamKey({ secret, app: flags.app, stream, expires_ms: clock() + flags.for }))
    })

  program
    .command('agent')
    .description('report what the encoders and media servers of this machine say to a collector elsewhere')
    .requiredOption('--collector <url>', 'the collector’s origin')
    .requiredOption('--key <key>', 'a server key of the tenant: see `firstframe keys`')
    .option('--sources <file>', 'YAML list of sources: see ingest/README.md')
    .option('--hooks-port <n>', 'take hooks of media servers on this port of loopback', port)
    .option('--secret <text>', 'let only stream keys through that are signed with it')
    .action(async (flags: AgentFlags) => {
      const text = flags.sources === undefined ? '[]' : await readFile(flags.sources, 'utf8')
      let value: unknown
      try {
        value = parse(text)
      } catch (error) {
        throw mendable(`${flags.sources}: ${(error as Error).message.split('\n')[0]}`)
      }
      const inner = Array.isArray(value) ? value : (value as { sources?: unknown } | null)?.sources
      const read = readSources(inner)
      if (!read.ok) throw mendable(`${flags.sources}: ${read.error}. See ingest/README.md.`)
      if (read.sources.length === 0 && flags.hooksPort === undefined)
        throw mendable(
          'nothing to report: name --sources FILE, or --hooks-port N for the hooks of media servers.',
        )
      const away = await options.checkCollector({ ...flags, source: read.sources[0]?.type })
      if (away !== undefined) options.warn(away)
      const agent = await startAgent({
        url: flags.collector,
        key: flags.key,
        sources: read.sources,
        ...(flags.hooksPort === undefined ? {} : { hooks: { port: flags.hooksPort } }),
        ...(flags.secret === undefined ? {} : { publishSecrets: [flags.secret] }),
        emit,
        clock,
      })
      emit({ type: 'started', role: 'agent' })
      if (agent.hooksUrl !== undefined) print(`hooks: ${agent.hooksUrl}/v1/ingest/…`)
      await options.stopped
      await agent.stop()
      emit({ type: 'stopped', role: 'agent' })
    })

  const cue = program
    .command('cue')
    .description('put an operator’s round into the very frame of a live stream')

  cue
    .command('insert')
    .description('FLV on standard input → the same with cues on standard output')
    .option('--port <n>', 'where POST /cues is taken, on loopback', port, 8091)
    .option('--token <text>', 'ask for it as Authorization: Bearer …')
    .option('--collector <url>', 'report each cue to this collector')
    .option('--key <key>', 'with --collector: a server key of the tenant, see `firstframe keys`')
    .option('--show <name>', 'the show, for the report')
    .option('--stream <name>', 'the stream, for the report')
    .action(async (flags: InsertFlags) => {
      const { collector: url, key = '', show, stream, token } = flags
      if (url !== undefined && key === '') throw mendable('--collector needs a server key too: --key.')
      const away = url === undefined ? undefined : await options.checkCollector({ collector: url, key })
      if (away !== undefined) options.warn(away)
      const beacons = url === undefined ? undefined : sendBeacons({ url, key, emit, clock })
      let bytes = 0
      input.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      input.pause()
      const running = await runCueInserter({
        input,
        output,
        clock,
        emit,
        port: flags.port,
        token,
        ...(beacons === undefined ? {} : { send: beacons.send }),
        context: { show, stream },
      })
      emit({ type: 'started', role: 'cue' })
      const ended = await Promise.race([running.ended.then(() => true), options.stopped.then(() => false)])
      await beacons?.stop()
      emit({ type: 'stopped', role: 'cue' })
      if (ended && bytes === 0)
        throw mendable(
          'Nothing came on standard input: pipe FLV into it, ffmpeg … -f flv - | firstframe cue insert',
        )
    })

  cue
    .command('send <round> [cue]')
    .description('trigger a cue at a running `cue insert`, and print the frame it went into')
    .option('--url <url>', 'where `cue insert` listens', 'http://127.0.0.1:8091')
    .option('--data <text>', 'for the page’s handler')
    .option('--key-frame', 'wait for the next key frame')
    .option('--token <text>', 'the token of `cue insert`')
    .action(async (round: string, name: string | undefined, flags: SendFlags) => {
      const answer = await fetch(new URL('/cues', flags.url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(flags.token === undefined ? {} : { authorization: `Bearer ${flags.token}` }),
        },
        body: JSON.stringify({
          round,
          issued_us: Math.round(clock() * 1000),
          cue: name,
          data: flags.data,
          ...(flags.keyFrame ? { keyFrame: true } : {}),
        }),
      }).catch((error: unknown) => {
        throw mendable(`Nobody takes cues at ${flags.url} (${String((error as Error).cause ?? error)}).`)
      })
      const text = await answer.text()
      if (!answer.ok) throw mendable(`The cue was refused: ${text}`)
      print(text)
    })
}
