import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { dash } from '../../player/adapters/dash.ts'
import { buildPlayer } from '../../player/build.ts'
import type { MonitorOptions, Session } from '../../player/createMonitor.ts'
import type * as Public from '../../player/generated/firstframe.d.mts'

// The types that are given out hold for the real thing: `npm run check` refuses this file where they do not.
type Holds<_Given, _Real extends _Given> = true
export type Checked = [
  Holds<Omit<Public.Session, 'report'>, Omit<Session, 'report'>>,
  Holds<MonitorOptions, Public.MonitorOptions>,
  Holds<Public.Adapter, typeof dash>,
  Holds<Public.BeaconEvent, import('../../schemas/beacon.ts').BeaconEvent>,
  Holds<import('../../schemas/beacon.ts').BeaconEvent, Public.BeaconEvent>,
  Holds<import('../../schemas/envelope.ts').ClientContext, Public.ClientContext>,
]

const RIGHT = `
import { monitor } from './firstframe.mjs'
import { dash } from './firstframe-dash.mjs'
import { watchPeerConnection } from './firstframe-cohost.mjs'

const video = document.querySelector('video')!
const session = monitor(video, { url: 'https://beacons.example.com', key: 'k', show: 's', stream: 'm', adapter: dash })
session.track('red_packet', { round: 'r7', outcome: 'success', rtt_ms: 84 })
session.setContext({ cdn: 'b', isp: 'x' })
session.onCue(({ round, data }) => console.log(round.length + data.length))
const bound: number | undefined = session.clock()?.error_ms
watchPeerConnection(session, new RTCPeerConnection(), { peer: 'guest' })
session.on((news) => { if (news.type === 'event' && news.event.kind === 'heartbeat') console.log(news.event.interval_ms, bound) })
`
/** Each is refused by the compiler, with a part of what it says. */
const WRONG = [
  ["monitor(video, { url: 'u', key: 'k', show: 's' })", "'stream' is missing"],
  ["session.track('red_packet', { outcome: 'won' })", `'"won"' is not assignable`],
  ["session.setContext({ crn: 'b' })", "'crn' does not exist"],
  ["session.error({ code: 'x', category: 'odd' })", `'"odd"' is not assignable`],
] as const

test('a page in TypeScript needs no other file than those beside the modules', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-types-'))
  t.after(() => rm(folder, { recursive: true }))
  await buildPlayer({ outdir: folder })
  const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  const compile = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    const options = '--noEmit --strict --target es2022 --module esnext --moduleResolution bundler --lib'
    const args = [...options.split(' '), 'es2022,dom', name]
    return spawnSync(tsc, args, { cwd: folder, encoding: 'utf8' })
  }
  const right = await compile('page.ts', RIGHT)
  assert.equal(right.status, 0, right.stdout)
  for (const [line, says] of WRONG) {
    const wrong = await compile('wrong.ts', `${RIGHT}${line}\n`)
    assert.notEqual(wrong.status, 0, line)
    assert.ok(wrong.stdout.includes(says), `${line}\n${wrong.stdout}`)
  }
})
