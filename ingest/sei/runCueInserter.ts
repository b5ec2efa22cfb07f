import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cueInserter } from './cueInserter.ts'
import { type CueServerOptions, startCueServer } from './cueServer.ts'

export interface RunCueInserterOptions extends Omit<CueServerOptions, 'inserter'> {
  /** FLV of a live stream. */
  readonly input: Readable
  /** The same with cues. */
  readonly output: Writable
  readonly clock: () => number
}

export interface RunningCueInserter {
  /** Where `POST /cues` is taken. */
  readonly url: string
  /** Resolves when the input has ended and everything is written; rejects when a pipe broke or it is not FLV. */
  readonly ended: Promise<void>
}

/**
 * The command `firstframe cue insert`:
 * `ffmpeg … -f flv pipe:1 | firstframe cue insert --port 8091 | ffmpeg -f flv -i pipe:0 -c copy -f flv rtmp://…`
 */
export async function runCueInserter(options: RunCueInserterOptions): Promise<RunningCueInserter> {
  const { input, output, clock, ...rest } = options
  const inserter = cueInserter({ clock })
  const server = await startCueServer({ ...rest, inserter })
  const ended = pipeline(input, inserter.stream, output).finally(() => server.stop())
  return { url: server.url, ended }
}
