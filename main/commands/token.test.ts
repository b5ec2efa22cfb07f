import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { askConsole } from '../../console/query/askConsole.ts'
import { loadConfig } from '../config/load.ts'
import { askWith } from './shows.ts'

/** A console that asks for a token, as far as a command line sees it. */
const server = createServer((request, response) => {
  const allowed = request.headers.authorization === 'Bearer right'
  response.writeHead(allowed ? 200 : 401).end(allowed ? 'yes' : '{"error":{"code":"not_signed_in"}}')
})
let url: string
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => server.close())

const sql = async (token?: string): Promise<string> => {
  let text = ''
  for await (const chunk of askConsole({ url, token, sql: 'SELECT 1', format: 'CSV' }))
    text += Buffer.from(chunk).toString()
  return text
}

test('commands send the token, and without one say how to get it', async () => {
  const refused = /asks for a token: make one with `firstframe token`.*--token or FIRSTFRAME_TOKEN/
  assert.equal(await askWith(() => 'right')(url), 'yes')
  await assert.rejects(askWith(() => undefined)(url), refused)
  await assert.rejects(askWith(() => 'wrong')(url), refused)
  assert.equal(await sql('right'), 'yes')
  await assert.rejects(sql(), refused)
})

test('FIRSTFRAME_TOKEN is no setting, and no mistake', () => {
  loadConfig({ environment: { FIRSTFRAME_TOKEN: 'x' }, flags: {} })
})
