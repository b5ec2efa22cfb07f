import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { callRoute, checked, NOW } from '../testing/callRoute.ts'
import { livekitEvents } from './webhook.ts'

test('LiveKit: a webhook is believed only with its token, and never gives the stream key away', async () => {
  const path = '/v1/ingest/livekit'
  const livekit = { APIkey: { secret: 'shh', tenant: 'demo' } }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = (body: Buffer, change: object = {}, secret = 'shh', alg = 'HS256') => {
    const sha256 = createHash('sha256').update(body).digest('base64')
    const claims = { iss: 'APIkey', nbf: NOW / 1000 - 1, exp: NOW / 1000 + 300, sha256, ...change }
    const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }
  const hook = (event: string, more: object) =>
    Buffer.from(
      JSON.stringify({
        event,
        id: 'EV_1',
        created_at: String(NOW / 1000),
        room: { sid: 'RM_1', name: 'show' },
        ...more,
      }),
    )
  const send = (body: Buffer, authorization: string) =>
    callRoute({ livekit }, path, { body, headers: { authorization } })

  const joined = hook('participant_joined', { participant: { sid: 'PA_1', identity: 'guest' } })
  const answer = await send(joined, token(joined))
  assert.deepEqual(checked(answer.events), [
    {
      stream: 'show',
      source: 'livekit',
      kind: 'cohost',
      time_ms: NOW,
      interval_ms: 0,
      event: 'joined',
      peer: 'guest',
    },
  ])
  const ingress = hook('ingress_started', {
    ingress_info: { name: 'studio', streamKey: 'very-secret', roomName: 'show' },
  })
  const started = checked((await send(ingress, token(ingress))).events)
  assert.deepEqual([started[0]?.event, started[0]?.node], ['publish', 'studio'])
  assert.ok(!JSON.stringify(started).includes('very-secret'))

  const refusals: [string, string][] = [
    ['', 'no_token'],
    [token(joined, { iss: 'other' }), 'unknown_key'],
    [token(joined, { iss: '__proto__' }), 'unknown_key'],
    [token(joined, {}, 'guess'), 'bad_signature'],
    [token(joined, {}, 'shh', 'none'), 'bad_signature'],
    [token(joined, { exp: NOW / 1000 - 3600 }), 'expired'],
    [token(ingress), 'body_differs'],
  ]
  for (const [authorization, code] of refusals) {
    const refused = await send(joined, authorization)
    assert.deepEqual([refused.status, refused.body, refused.events], [401, code, undefined])
  }
})

test('LiveKit: a recorder or an assistant in the room is no host', () => {
  const hook = (kind: unknown) => ({
    event: 'participant_joined',
    participant: { identity: 'EG_1', kind },
    createdAt: '1795749800',
  })
  for (const kind of ['EGRESS', 'AGENT', 2, 4]) assert.deepEqual(livekitEvents(hook(kind)), [], String(kind))
  for (const kind of ['STANDARD', 'INGRESS', 'SIP', 0, undefined])
    assert.equal(livekitEvents(hook(kind)).length, 1, String(kind))
})

test('LiveKit: the names of protobuf’s JSON form, as LiveKit really sends them', async () => {
  const body = readFileSync(new URL('../fixtures/livekit-ingress-started.json', import.meta.url))
  const livekit = { APIkey: { secret: 'shh', tenant: 'demo' } }
  const sha256 = createHash('sha256').update(body).digest('base64')
  const token = await new SignJWT({ sha256 })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('APIkey')
    .setNotBefore(NOW / 1000 - 1)
    .setExpirationTime(NOW / 1000 + 300)
    .sign(Buffer.from('shh'))
  const answer = await callRoute({ livekit }, '/v1/ingest/livekit', {
    body,
    headers: { authorization: token },
  })
  assert.deepEqual(checked(answer.events), [
    {
      stream: 'room',
      source: 'livekit',
      kind: 'hop',
      time_ms: 1_795_749_800_000,
      hop: 'ingest',
      node: 'studio',
      event: 'publish',
      status: 'up',
    },
  ])
})
