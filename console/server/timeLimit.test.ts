import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Store } from '../../store/client.ts'
import { createPulse, limitedStore } from './timeLimit.ts'

// The limits' timers keep no process alive.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

/** A store whose queries end when the test says so, or when their signal gives up. */
function hangingStore() {
  let queries = 0
  let hangs = true
  const query = (_sql: string, { signal }: { signal?: AbortSignal } = {}) => {
    queries += 1
    return hangs
      ? new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      : Promise.resolve([])
  }
  return {
    store: { query } as unknown as Store,
    queries: () => queries,
    answer() {
      hangs = false
    },
  }
}

test('a query that hangs fails as the store’s fault within its limit', async () => {
  const { store } = hangingStore()
  await assert.rejects(limitedStore(store, 20).query('SELECT 1'), { fault: 'store', message: /within 20 ms/ })
})

test('the pulse says how long the store has been silent, and that it is back', async () => {
  const hanging = hangingStore()
  let now = 1_000
  const pulse = createPulse(hanging.store, () => now)
  const first = pulse()
  const shared = pulse()
  now = 2_500
  assert.deepEqual(await first, { store: false, silent_ms: 1_500 })
  assert.deepEqual(await shared, { store: false, silent_ms: 1_500 })
  assert.equal(hanging.queries(), 1, 'all who ask within a second share one query')
  hanging.answer()
  now = 14_000
  assert.deepEqual(await pulse(), { store: true, silent_ms: 0 })
})
