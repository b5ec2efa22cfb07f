import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ports that systems give away by themselves (from 32,768 on, or 49,152), and above those that services stand on. */
const FIRST = 11_000
const LAST = 31_999
/** What this process was given before: it may not listen there yet. */
const given = new Set<number>()

/**
 * A TCP port of 127.0.0.1 that is free, for programs that cannot listen on port 0. The system gives none of this range to connections or
 * to listeners on port 0, so that it stays free until the program listens, also beside other tests.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(FIRST, LAST + 1)
    if (given.has(port)) continue
    given.add(port)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise<void>((resolve) => server.close(() => resolve()))
    return port
  }
  throw new Error(`no port from ${FIRST} to ${LAST} is free`)
}
