import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { FACTS } from '../schemas/facts.ts'
import { createTelemetry, MOST_LINES, PREFIX } from './telemetry.ts'

function start(clock?: () => number) {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { lines, telemetry: createTelemetry({ level: 'debug', version: 'test', destination, clock }) }
}

test('a fact becomes a counter, its sums, its histogram and a log line', async () => {
  const { lines, telemetry } = start()
  telemetry.emit({ type: 'rows_written', table: 'heartbeat', rows: 10, repeated: 2, seconds: 0.02 })
  const page = await telemetry.metrics()
  assert.match(page, /firstframe_rows_written_total\{table="heartbeat"\} 1/)
  assert.match(page, /firstframe_rows_written_rows_total\{table="heartbeat"\} 10/)
  assert.match(page, /firstframe_rows_written_seconds_bucket\{le="0.025",table="heartbeat"\} 1/)
  assert.match(lines.join(''), /"table":"heartbeat"/)
})

test('an error is written with its cause, and never becomes a label', async () => {
  const { lines, telemetry } = start()
  telemetry.emit({
    type: 'write_retried',
    table: 'hop',
    error: new Error('outer', { cause: new Error('inner') }),
  })
  assert.match(lines.join(''), /"error":"outer","cause":"inner"/)
  assert.doesNotMatch(await telemetry.metrics(), /outer/)
})

test('secrets in URLs are not written: neither in a field nor in an error', () => {
  const { lines, telemetry } = start()
  const url = 'https://user:p@ss@origin.example:8443/stat?token=canary&app=canary#canary=canary'
  telemetry.emit({
    type: 'ingest_poll_failed',
    source: 'nginx-rtmp',
    url,
    error: new Error(`cannot fetch ${url}, nor "rtmp://u:canary@host/live/x?sign=canary"`, {
      cause: new Error(`no ${url}`),
    }),
  })
  const text = lines.join('')
  assert.doesNotMatch(text.replaceAll('#canary=canary', ''), /canary|p@ss|user/)
  assert.match(text, /https:\/\/…@origin\.example:8443\/stat\?token=…&app=…/)
  assert.match(text, /rtmp:\/\/…@host\/live\/x\?sign=…/)
})

test('facts that somebody makes without end are all counted and seldom written, and others are written beside them', async () => {
  let now_ms = 0
  const { lines, telemetry } = start(() => now_ms)
  const refuse = () => telemetry.emit({ type: 'ingest_hook_refused', source: 'srs', code: 'unknown_key' })
  for (let n = 0; n < 10_000; n += 1) refuse()
  telemetry.emit({ type: 'ingest_poll_recovered', source: 'obs' })
  assert.equal(lines.length, MOST_LINES + 1)
  now_ms = 1_000
  refuse()
  assert.match(lines.at(-1)!, new RegExp(`"left_out":${10_000 - MOST_LINES}`))
  assert.match(await telemetry.metrics(), /ingest_hook_refused_total\{[^}]*\} 10001/)
})

test('every fact has a sentence, and metric names follow Prometheus: one prefix, base units', () => {
  for (const [name, spec] of Object.entries(FACTS)) {
    assert.match(spec.help, /^[A-Z].*\.$/, name)
    assert.match(`${PREFIX}${name}`, /^[a-z_]+$/)
    for (const field of 'histograms' in spec ? spec.histograms : [])
      assert.match(field, /seconds$/, `${name}.${field}`)
  }
})
