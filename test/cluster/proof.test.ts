import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { CHECKS } from './checks.ts'
import { prove } from './proof.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it?.stop())

test('every check of the proof runs, here on the single server there is, and leaves nothing behind', async (context) => {
  const { url, user, password } = it
  const results = await prove({
    url,
    user,
    password,
    cluster: '',
    tell: (entry) => context.diagnostic(JSON.stringify(entry)),
  })
  assert.deepEqual(
    results.map(({ check, ok }) => [check, ok]),
    Object.keys(CHECKS).map((check) => [check, true]),
  )
  const left = await it.store.query<{ name: string }>(`SHOW DATABASES LIKE 'firstframe_proof%'`)
  assert.deepEqual(left, [])
})

test('a server without the cluster is not taken for one', async () => {
  const { url, user, password } = it
  const [first, ...rest] = await prove({ url, user, password, cluster: 'nowhere', tell: () => {} })
  assert.equal(first!.ok, false)
  assert.match(first!.detail, /nowhere|cluster|CLUSTER|Zoo|Keeper/i)
  assert.equal(rest.length, 0)
})
