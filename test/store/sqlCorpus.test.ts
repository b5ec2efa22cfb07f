import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCorpus } from '../../bench/sqlCorpus/runCorpus.ts'

/** The short form of `npm run bench -- sql-corpus`, which tries everything and traces the store's system calls. */
for (const user of ['reader', 'writer'] as const)
  test(`a ${user} reaches no file and no address by what the engine lists`, async () => {
    const { leaked, connections, made, attempts, by } = await runCorpus({ every: 60, trace: false, user })
    assert.deepEqual([leaked, connections, made], [[], 0, []])
    assert.ok(attempts > 900 && (by.functions ?? 0) > 300, JSON.stringify(by))
  })
