import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MS = 60_000
const AGAIN_MS = 100

/** Posts as a sender has to: a collector on a busy machine answers 503, and the same is sent again until it is taken. */
export async function postPatiently(url: string, init: RequestInit): Promise<Response> {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    const answer = await fetch(url, { method: 'POST', ...init })
    if (answer.status !== 503 || performance.now() > end) return answer
    await answer.arrayBuffer()
    await pause(AGAIN_MS)
  }
}
