import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type Listening, listenOn } from '../listening.ts'
import { readObject, textIn } from '../readJson.ts'
import type { Send } from '../sendBeacons.ts'
import type { CueInserter, CueOutcome, CueTrigger } from './cueInserter.ts'

export interface CueServerOptions {
  readonly inserter: CueInserter
  /** Default 127.0.0.1: an operator's tool stands beside the encoder. */
  readonly host?: string
  /** 0: a free one. */
  readonly port: number
  /** Asked for as `Authorization: Bearer …` when given. */
  readonly token?: string
  /** Where `cue` events (triggered, inserted) go. */
  readonly send?: Send
  readonly context?: ClientContext
  readonly tenant?: string
  readonly emit: Emit
}

const BODY_BYTES = 4_096
const STATUS = { no_round: 400, too_long: 400, bad_time: 400, no_picture: 504, ended: 410 } as const

/** The two stages that an encoder's side knows, as events. */
export function cueEvents(outcome: Extract<CueOutcome, { ok: true }>): BeaconEvent<'cue'>[] {
  const { round, cue, issued_us, inserted_after_us = 0, inserted_ms } = outcome.inserted
  const about = { kind: 'cue', round, ...(cue === '' ? {} : { cue }) } as const
  return [
    { ...about, time_ms: issued_us / 1000, stage: 'triggered', since_trigger_ms: 0 },
    { ...about, time_ms: inserted_ms, stage: 'inserted', since_trigger_ms: inserted_after_us / 1000 },
  ]
}

function readTrigger(body: string): CueTrigger | undefined {
  const requested = readObject(body)
  if (requested === undefined) return undefined
  const { data } = requested
  return {
    round: textIn(requested.round),
    cue: typeof requested.cue === 'number' ? String(requested.cue) : textIn(requested.cue),
    data: data === undefined || typeof data === 'string' ? textIn(data) : JSON.stringify(data),
    keyFrame: requested.keyFrame === true,
    ...(typeof requested.issued_us === 'number' ? { issued_us: requested.issued_us } : {}),
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * `POST /cues` with `{ "round", "cue", "data", "keyFrame", "issued_us" }`: answers 200 with the frame it went into,
 * or 4xx/5xx with `{ "code" }`.
 */
export async function startCueServer(options: CueServerOptions): Promise<Listening> {
  const { inserter, token, emit } = options

  function tell(outcome: Extract<CueOutcome, { ok: true }>): void {
    if (options.send === undefined) return
    const tenant = options.tenant === undefined ? {} : { tenant: options.tenant }
    const group = { ...tenant, source: 'sei', context: options.context ?? {}, events: cueEvents(outcome) }
    Promise.resolve(options.send([group])).catch((error: unknown) =>
      emit({ type: 'ingest_send_failed', source: 'sei', error }),
    )
  }

  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.method !== 'POST' || request.url !== '/cues') return answer(404, { code: 'not_found' })
    // A page of another site could otherwise post here through a browser on this machine.
    if (request.headers.origin !== undefined && token === undefined) return answer(403, { code: 'browser' })
    const given = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    if (token !== undefined && !timingSafeEqual(digest(given), digest(token))) {
      return answer(401, { code: 'token' })
    }
    try {
      let body = ''
      for await (const piece of request) {
        body += piece
        if (body.length > BODY_BYTES) return answer(413, { code: 'too_long' })
      }
      const trigger = readTrigger(body)
      if (trigger === undefined) return answer(400, { code: 'no_object' })
      const outcome = await inserter.trigger(trigger)
      if (!outcome.ok) return answer(STATUS[outcome.code], { code: outcome.code })
      tell(outcome)
      return answer(200, outcome.inserted)
    } catch {
      return response.destroy()
    }
  })
  return listenOn(server, options)
}
