import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ShowList } from '../api.ts'
import { principalOf, sendError } from '../signIn/principal.ts'
import type { Query } from './apiRequest.ts'
import type { Live } from './live.ts'
import type { Subject } from './readShow.ts'
import type { Shown, ShowReader } from './showReader.ts'

/** Longest a full line is waited for before a viewer's next message is whole again, bytes. */
const LINE_BYTES = 1 << 20

/** Server-sent events to one page. */
class EventStream {
  private readonly request: FastifyRequest
  private readonly reply: FastifyReply
  private readonly clock: () => number
  private begun = false

  constructor(request: FastifyRequest, reply: FastifyReply, clock: () => number) {
    this.request = request
    this.reply = reply
    this.clock = clock
  }

  /** Sends the head, once: it must be out before the first message. */
  begin(): void {
    if (this.begun) return
    this.begun = true
    const { raw } = this.reply
    const headers = {
      ...this.reply.getHeaders(),
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    }
    this.reply.hijack()
    raw.writeHead(200, headers as Record<string, string>)
    raw.write('retry: 1000\n\n')
  }

  /** Returns false when the message was not taken: the viewer's next one is whole again. */
  send(event: string, data: string): boolean {
    this.begin()
    const { raw } = this.reply
    // A session that is over sees nothing more: the page asks again and is told to sign in.
    if (this.clock() > principalOf(this.request).expires_ms) raw.end()
    if (raw.writableEnded || raw.writableLength > LINE_BYTES) return false
    raw.write(`event: ${event}\ndata: ${data}\n\n`)
    return true
  }
}

export interface LiveRoute {
  readonly live: Live
  readonly shows: ShowReader
  readonly clock: () => number
}

/** `GET /api/live`: what `/api/shows`, or `/api/show/…` with `subject`, answers, and its changes as they come. */
export function sendLive(
  { live, shows, clock }: LiveRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  tenant: string,
  subject: Subject | undefined,
) {
  const query = request.query as Query
  const viewer = new EventStream(request, reply, clock)
  const leave =
    subject === undefined
      ? live.join<ShowList>({
          key: JSON.stringify(['shows', tenant]),
          compute: () => shows.list(tenant, undefined),
          shown: (made) => made,
          viewer,
        })
      : live.join({
          key: JSON.stringify([
            ...['show', tenant, subject.show, subject.stream ?? null, subject.app ?? null],
            ...[query.range ?? null, query.compare === undefined ? null : 'compare'],
          ]),
          compute: (previous: Shown | undefined, why) => shows.live(subject, previous, why, query),
          shown: ({ shown }) => shown,
          viewer,
        })
  if (leave === undefined) return sendError(reply, 'too_many')
  viewer.begin()
  request.raw.on('close', leave)
  return reply
}
