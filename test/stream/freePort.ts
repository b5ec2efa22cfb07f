import { createServer } from 'node:net'

/** A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot listen on port 0. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port from the operating system')
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return address.port
}
