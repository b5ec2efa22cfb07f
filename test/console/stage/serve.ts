import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { ShowList, Snapshot } from '../../../console/api.ts'
import { buildPage } from '../../../console/build.ts'
import { SECURITY_HEADERS } from '../../../console/server/guard.ts'
import { servePage } from '../../../console/server/page.ts'
import type { Me } from '../../../console/signIn/principal.ts'
import type { IncidentView } from '../../../schemas/incident.ts'
import { courseOf, listOf, sessionRows } from './scene.ts'

/** What the stage shows, and how its console behaves. */
export interface Play {
  /** Pictures by show at a moment. */
  readonly pictures: (at_ms: number) => readonly Snapshot[]
  /** `store_away`: every question to the store hangs; `dead`: nothing is answered; `slow`: past moments take a minute; `slow_course`: an incident's course does. */
  behaviour: 'well' | 'store_away' | 'dead' | 'slow' | 'slow_course'
  /** The session of whoever looks is over. */
  signedOut?: boolean
}

/** Who looks at the stage. */
const ME: Me = { name: 'local', role: 'admin', tenants: '*', how: 'local' }

export interface Stage {
  readonly url: string
  play(play: Play): void
  close(): Promise<void>
}

/** The page as it is built, over a console that plays scripted pictures: states that a real pipeline reaches seldom. */
export async function openStage(): Promise<Stage> {
  const app = Fastify({ forceCloseConnections: true })
  let play: Play = { pictures: () => [], behaviour: 'well' }
  let away_since = 0
  const hang = () => new Promise<never>(() => {})
  const now = () => Math.floor((Date.now() - 2000) / 1000) * 1000
  const pictures = (at_ms = now()) => play.pictures(at_ms)
  const list = (): ShowList => listOf(pictures(), now())
  const incidents = (): IncidentView[] => Object.values(list().incidents)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    if (!request.url.startsWith('/api')) return
    if (play.behaviour === 'dead') await hang()
    if (play.behaviour === 'store_away' && request.url !== '/api/pulse') await hang()
  })
  servePage(app, await buildPage())
  app.get('/api/pulse', async (_request, reply) =>
    play.signedOut
      ? reply.code(401).send({})
      : play.behaviour === 'store_away'
        ? { store: false, silent_ms: Date.now() - away_since }
        : { store: true, silent_ms: 0 },
  )
  app.get('/api/about', async () => ({ tenants: ['demo'], now_ms: Date.now(), beacons_port: 8080 }))
  app.get('/api/shows', async () => list())
  app.get('/api/show/:show', async (request) => {
    const { show } = request.params as { show: string }
    const { at } = request.query as { at?: string }
    if (at !== undefined && play.behaviour === 'slow') await hang()
    const picture = pictures(at === undefined ? now() : Number(at)).find((each) => each.show === show)!
    return at === undefined ? picture : { ...picture, live: false }
  })
  app.get('/api/incidents', async () => incidents())
  app.get('/api/incidents/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    return incidents().find((each) => each.id === id) ?? reply.code(404).send({})
  })
  app.get('/api/incidents/:id/course', async (request) => {
    const { id } = request.params as { id: string }
    if (play.behaviour === 'slow_course') await hang()
    return courseOf(incidents().find((each) => each.id === id)!, now())
  })
  app.get('/api/sessions', async (request) => {
    const { incident } = request.query as { incident?: string }
    const all = incidents()
    return sessionRows(now(), all.find((each) => each.id === incident) ?? all[0]!)
  })
  app.get('/api/search', async () => [
    { kind: 'show', id: 'double-11', show: 'double-11' },
    { kind: 'stream', id: 'main', show: 'double-11' },
  ])
  app.get('/api/me', async (_request, reply) => (play.signedOut ? reply.code(401).send({}) : ME))
  for (const what of ['mark', 'handling'])
    app.put(`/api/incidents/:id/${what}`, async (_request, reply) => reply.code(204).send())
  app.put('/api/planned/:id', async (_request, reply) => reply.code(204).send())
  app.get('/api/live', (request, reply) => {
    const { show } = request.query as { show?: string }
    reply.hijack()
    reply.raw.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream' })
    reply.raw.write('retry: 1000\n\n')
    const send = () => {
      if (play.behaviour === 'dead' || play.behaviour === 'store_away') return
      const data = show === undefined ? list() : pictures().find((each) => each.show === show)
      if (data !== undefined) reply.raw.write(`event: whole\ndata: ${JSON.stringify(data)}\n\n`)
    }
    send()
    const timer = setInterval(send, 1000)
    request.raw.on('close', () => clearInterval(timer))
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    play(next) {
      if (next.behaviour === 'store_away') away_since = Date.now()
      play = next
    },
    close: () => app.close(),
  }
}
