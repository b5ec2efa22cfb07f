import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { checkStore, isNewEnough } from './checkStore.ts'
import { startTestStore, type TestStore } from './testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it.stop())

const settings = 'store.user and store.password'

test('a store is asked once whether it can be used; what is wrong is told apart', async () => {
  const { url, user, password } = it
  assert.equal(await checkStore({ url, user, password, settings }), undefined)
  const login = await checkStore({ url, user, password: 'wrong', settings })
  assert.equal(login?.kind, 'login')
  assert.match(login?.message ?? '', /refused the login of the user "firstframe": check store\.user/)
  const away = await checkStore({ url: 'http://127.0.0.1:1', user, password, settings })
  assert.equal(away?.kind, 'away')
  assert.match(
    away?.message ?? '',
    /nothing answers as ClickHouse at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/,
  )
})

test('versions before 25.8.19.7 are too old', () => {
  for (const version of ['25.8.19.6', '25.8.18.99', '25.7.99.99', '24.12.1.1', '25.8'])
    assert.ok(!isNewEnough(version), version)
  for (const version of ['25.8.19.7', '25.8.20.1', '25.9.1.1', '26.7.2.1'])
    assert.ok(isNewEnough(version), version)
})

const statusOf = (headers: Record<string, string>) =>
  new Promise<number | undefined>((resolve, reject) => {
    request(
      `${it.url}/?query=SELECT+1`,
      { headers: { 'x-clickhouse-user': it.reader, ...headers } },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
      .on('error', reject)
      .end()
  })

test('the store’s port answers no foreign host name and no page in a browser', async () => {
  assert.equal(await statusOf({}), 200)
  assert.equal(await statusOf({ host: 'firstframe-store:8123' }), 200, 'a container’s name')
  assert.equal(await statusOf({ host: 'evil.example.org' }), 421)
  assert.equal(await statusOf({ origin: 'http://evil.example.org' }), 403)
  assert.equal(await statusOf({ 'sec-fetch-site': 'cross-site' }), 403)
})
