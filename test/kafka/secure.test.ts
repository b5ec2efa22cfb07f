import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKafkaLog } from '../../log/kafka.ts'
import type { KafkaConnection } from '../../log/kafkajs.ts'
import { loadConfig } from '../../main/config/load.ts'
import { kafkaSecurity } from '../../main/kafka.ts'
import { testCertificate } from '../../probe/testing/certificate.ts'
import { startKafka } from './start.ts'

const DAY_MS = 86_400_000
const MESSAGE = { topic: 'secure', partition: 0, headers: {}, value: Buffer.from('kept') }

test('brokers that want TLS and a login are reached by the settings, and by nobody who has them wrong', {
  timeout: 120_000,
}, async (t) => {
  const now = Date.now()
  const certificate = testCertificate(now - DAY_MS, now + DAY_MS)
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-secure-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate.cert)
  const kafka = await startKafka({
    brokers: 1,
    secure: { ...certificate, username: 'firstframe', password: 'right' },
  })
  t.after(() => kafka.stop())

  const settings = (environment: Record<string, string>) =>
    kafkaSecurity(loadConfig({ flags: {}, environment: { FIRSTFRAME_LOG_TLS: 'true', ...environment } }).log)
  const stated: string[] = []
  const open = async (security: Pick<KafkaConnection, 'ssl' | 'sasl'>, giveUpAfter_ms?: number) => {
    const opened = await openKafkaLog({
      brokers: kafka.bootstrap,
      clientId: 'secure',
      ...security,
      topics: [{ name: 'secure', partitions: 1 }],
      giveUpAfter_ms,
      emit: (fact) => {
        if (fact.type === 'log_append_failed') stated.push(String((fact.error as Error).message))
      },
      clock: Date.now,
    })
    t.after(() => opened.close())
    return opened
  }
  const login = {
    FIRSTFRAME_LOG_SASL: 'plain',
    FIRSTFRAME_LOG_USERNAME: 'firstframe',
    FIRSTFRAME_LOG_PASSWORD: 'right',
  }
  const log = await open(settings({ FIRSTFRAME_LOG_TLS_CA: ca, ...login }))
  await log.append([MESSAGE])
  const read: string[] = []
  for await (const { value } of log.replay({ topic: 'secure', partition: 0 }))
    read.push(Buffer.from(value).toString())
  assert.deepEqual(read, ['kept'])

  const wrong = [
    [
      'a wrong password',
      { FIRSTFRAME_LOG_TLS_CA: ca, ...login, FIRSTFRAME_LOG_PASSWORD: 'wrong' },
      /SASL|uthent/,
    ],
    ['a certificate that nobody signed', login, /certificate/],
  ] as const
  for (const [what, environment, says] of wrong) {
    stated.length = 0
    const refused = await open(settings(environment), 4_000)
    await assert.rejects(refused.append([MESSAGE]), what)
    assert.ok(
      stated.some((text) => says.test(text)),
      `${what} is told: ${JSON.stringify(stated)}`,
    )
    await refused.close()
  }
  assert.throws(
    () => settings({ FIRSTFRAME_LOG_SASL: 'plain' }),
    /log\.username: is empty; .* needs log\.username and log\.password/,
  )
  assert.throws(
    () => settings({ FIRSTFRAME_LOG_TLS_CA: join(folder, 'none.pem') }),
    /log\.tls_ca: .*none\.pem/,
  )
})
