import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retry } from './retry.ts'

test('pauses double up to the longest, and the value of the first success is returned', async () => {
  const waited: number[] = []
  let calls = 0
  const value = await retry(
    async () => {
      calls += 1
      if (calls < 6) throw new Error('not yet')
      return calls
    },
    { first_ms: 10, longest_ms: 50, wait: async (ms) => void waited.push(ms) },
  )
  assert.equal(value, 6)
  assert.deepEqual(waited, [10, 20, 40, 50, 50])
})

test('an error that is not retriable is thrown at once', async () => {
  let calls = 0
  const attempt = retry(
    async () => {
      calls += 1
      throw new Error('never')
    },
    { first_ms: 1, longest_ms: 1, retriable: () => false },
  )
  await assert.rejects(attempt, /never/)
  assert.equal(calls, 1)
})

test('an aborted signal ends the attempts with the last error', async () => {
  const stop = new AbortController()
  const attempt = retry(
    async () => {
      throw new Error('away')
    },
    { first_ms: 60_000, longest_ms: 60_000, signal: stop.signal, failed: () => stop.abort() },
  )
  await assert.rejects(attempt, /away/)
})
