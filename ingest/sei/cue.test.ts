import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeNal, insertNal, seiNal } from '../../media/writeNal.ts'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import { validatorOf } from '../../schemas/derive/validate.ts'
import { type CueMessage, decodeCue, encodeCue } from '../../schemas/sei.ts'
import { startChild } from '../../test/stream/childProcess.ts'
import { FFMPEG_QUIET } from '../../test/stream/encoder.ts'
import {
  clockBarTime,
  endWith,
  launchBrowser,
  openPage,
  playable,
  published,
  READ_CLOCK_BAR,
  startHttpFlv,
  startMediaServer,
  startPackager,
  waitFor,
} from '../../test/stream/index.ts'
import { pictureEncode, pictureInput } from '../../test/stream/picture.ts'
import { findProgram } from '../../test/stream/programs.ts'
import { cueInserter, type InsertedCue } from './cueInserter.ts'
import { startCueServer } from './cueServer.ts'

const clock = () => performance.timeOrigin + performance.now()
const emit = () => undefined

/** encoder → inserter → `-c copy` → RTMP, as an operator would pipe them. */
function startCuedEncoder(own: ReturnType<typeof endWith>, target: string) {
  const picture = { burnClock: true, gop: 25 }
  const ffmpeg = findProgram('ffmpeg')
  const encoder = own(
    startChild({
      command: ffmpeg,
      stdout: 'pipe',
      args: [
        ...FFMPEG_QUIET,
        ...pictureInput(picture),
        ...pictureEncode(picture),
        '-f',
        'flv',
        '-flush_packets',
        '1',
        'pipe:1',
      ],
    }),
  )
  const pusher = own(
    startChild({
      command: ffmpeg,
      stdin: 'pipe',
      args: [
        ...FFMPEG_QUIET,
        '-analyzeduration',
        '1000',
        '-fpsprobesize',
        '0',
        '-f',
        'flv',
        '-i',
        'pipe:0',
        '-c',
        'copy',
        '-f',
        'flv',
        target,
      ],
    }),
  )
  const inserter = cueInserter({ clock })
  pusher.child.stdin?.on('error', () => undefined)
  encoder.child.stdout?.pipe(inserter.stream).pipe(pusher.child.stdin!)
  return { inserter, log: () => encoder.log() + pusher.log() }
}

/** Keeps each SEI message and the burnt clock of each shown frame; the page's own code has no part in decoding. */
const WATCH = `${READ_CLOCK_BAR}
window.seen = []
window.frames = []
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const frame = (_, { mediaTime }) => {
  frames.push({ mediaTime, bits: readClockBar(video) })
  video.requestVideoFrameCallback(frame)
}
video.requestVideoFrameCallback(frame)
window.playHls = (url) => {
  window.hls = new Hls({ liveSyncDurationCount: 2 })
  hls.on(Hls.Events.FRAG_PARSING_USERDATA, (_, { samples }) => {
    for (const { uuid, userDataBytes, pts } of samples) if (uuid) seen.push({ uuid, data: hex(userDataBytes), pts })
  })
  hls.loadSource(url)
  hls.attachMedia(video)
}
window.playFlv = (url) => {
  window.player = mpegts.createPlayer({ type: 'flv', isLive: true, url }, { enableStashBuffer: false })
  player.on(mpegts.Events.SEI_ARRIVED, ({ uuid, user_data, pts }) => seen.push({ uuid: hex(uuid), data: hex(user_data), pts: pts / 1000 }))
  player.attachMediaElement(video)
  player.load()
  player.play()
}`

type Seen = { uuid: string; data: string; pts: number }
type Frame = { mediaTime: number; bits: number }
interface Viewer {
  readonly page: { readonly evaluate: (text: string) => Promise<unknown> }
}

async function cueSeen(view: Viewer, sent: InsertedCue): Promise<{ seen: Seen; cue: CueMessage }> {
  return waitFor(
    async () => {
      for (const seen of (await view.page.evaluate('seen')) as Seen[]) {
        const cue = decodeCue(seen.uuid, Buffer.from(seen.data, 'hex'))
        if (cue?.round === sent.round && cue.cue === sent.cue) return { seen, cue }
      }
      return undefined
    },
    { what: `cue ${sent.round}` },
  )
}

async function trigger(url: string, body: object): Promise<InsertedCue> {
  const answer = await fetch(`${url}/cues`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal(answer.status, 200)
  return (await answer.json()) as InsertedCue
}

const carried = ({ round, cue, data, issued_us, inserted_after_us }: CueMessage) => ({
  round,
  cue,
  data,
  issued_us,
  inserted_after_us,
})

test('a cue goes from ffmpeg through nginx-rtmp and HLS to hls.js, exact to the byte and to the frame', async (t) => {
  const own = endWith(t)
  const server = own(await startMediaServer())
  const { inserter, log } = startCuedEncoder(own, `${server.rtmpUrl}/show`)
  const reported: BeaconEvent<'cue'>[] = []
  const operator = own(
    await startCueServer({
      inserter,
      port: 0,
      emit,
      context: { show: 'gala', stream: 'show' },
      send: (groups) => {
        for (const each of groups) reported.push(...(each.events as BeaconEvent<'cue'>[]))
      },
    }),
  )
  await published(server, 'show')
  own(await startPackager({ input: `${server.rtmpUrl}/show`, dir: `${server.mediaDir}/show` }))
  await playable(`${server.mediaUrl}/show/0/index.m3u8`, 2, log)
  const browser = own(await launchBrowser())
  const view = own(await openPage(browser, { libraries: ['hls.js'], scripts: [WATCH] }))
  await view.page.evaluate(`playHls(${JSON.stringify(`${server.mediaUrl}/show/master.m3u8`)})`)
  await waitFor(async () => ((await view.page.evaluate('video.currentTime')) as number) > 0.5, {
    what: 'the picture',
  })

  const data = JSON.stringify({ text: '红包雨 🧧', zeros: '\u0000\u0000\u0001' })
  const sent = [
    await trigger(operator.url, { round: 'red-7', cue: '1', data }),
    await trigger(operator.url, {
      round: 'red-7',
      cue: '2',
      data: 'x'.repeat(255 - 32 - 'red-7'.length - 1),
    }),
    await trigger(operator.url, { round: 'vote', keyFrame: true }),
  ]
  assert.equal(sent[1]!.bytes, 255)

  const errors: number[] = []
  const shifts: number[] = []
  for (const each of sent) {
    const { seen, cue } = await cueSeen(view, each)
    assert.deepEqual(carried(cue), carried(each))
    // The frame of the message, by its burnt clock: it left the source just before the inserter saw it.
    const shown = await waitFor(
      async () =>
        ((await view.page.evaluate('frames')) as Frame[]).find(
          (entry) => Math.abs(entry.mediaTime - seen.pts) < 0.02,
        ),
      { what: `the frame at ${seen.pts}`, detail: () => JSON.stringify(seen) },
    )
    shifts.push(seen.pts * 1000 - each.show_ms)
    errors.push(each.inserted_ms - clockBarTime(shown.bits, each.inserted_ms))
  }
  t.diagnostic(
    `burnt clock of the cue's frame → its insertion: ${errors.map((ms) => ms.toFixed(0)).join(', ')} ms (a frame is 40 ms)`,
  )
  for (const error of errors) assert.ok(error > -5 && error < 120, `${error} ms`)
  const spread_ms = Math.max(...shifts) - Math.min(...shifts)
  assert.ok(spread_ms < 2, `the frames lie ${spread_ms} ms further apart than those the cues were put into`)

  assert.equal(reported.length, 6)
  for (const { kind, ...fields } of reported) assert.equal(validatorOf(kind)(fields), undefined)
  assert.deepEqual(
    reported.slice(0, 2).map((event) => event.stage),
    ['triggered', 'inserted'],
  )
  const refused = await fetch(`${operator.url}/cues`, {
    method: 'POST',
    body: JSON.stringify({ round: 'r', data: 'x'.repeat(255) }),
  })
  assert.deepEqual([refused.status, await refused.json()], [400, { code: 'too_long' }])
  const elsewhere = await fetch(`${operator.url}/cues`, {
    method: 'POST',
    body: '{"round":"r"}',
    headers: { origin: 'http://evil.example' },
  })
  assert.equal(elsewhere.status, 403)
})

test('mpegts.js reads the same cue from HTTP-FLV', async (t) => {
  const own = endWith(t)
  const server = own(await startHttpFlv())
  const { inserter, log } = startCuedEncoder(own, `${server.rtmpUrl}/show`)
  const browser = own(await launchBrowser())
  const view = own(await openPage(browser, { libraries: ['mpegts.js'], scripts: [WATCH] }))
  await view.page.evaluate(`playFlv(${JSON.stringify(server.flvUrl('show'))})`)
  await waitFor(async () => ((await view.page.evaluate('video.currentTime')) as number) > 0.5, {
    what: 'the picture',
    detail: () => log() + server.log() + JSON.stringify(view.errors),
  })
  const outcome = await inserter.trigger({ round: 'red-8', data: '{"n":1}' })
  assert.ok(outcome.ok)
  const { cue } = await cueSeen(view, outcome.inserted)
  assert.deepEqual(carried(cue), carried(outcome.inserted))
})

test('a cue that finds no frame, or no more frames, says so', async () => {
  const impatient = cueInserter({ clock, patience_ms: 20 })
  assert.deepEqual(await impatient.trigger({ round: 'r' }), { ok: false, code: 'no_picture' })
  assert.deepEqual(await impatient.trigger({ round: '' }), { ok: false, code: 'no_round' })
  const inserter = cueInserter({ clock })
  const waiting = inserter.trigger({ round: 'r' })
  inserter.stream.end()
  assert.deepEqual(await waiting, { ok: false, code: 'ended' })
  assert.deepEqual(await inserter.trigger({ round: 'r' }), { ok: false, code: 'ended' })
})

test('bytes: nothing but the cue is added to a stream, and escaping can be undone', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      const escaped = escapeNal(bytes)
      for (let at = 0; at + 2 < escaped.length; at++) {
        assert.ok(!(escaped[at] === 0 && escaped[at + 1] === 0 && escaped[at + 2]! <= 2))
      }
      let zeros = 0
      const back: number[] = []
      for (const byte of escaped) {
        if (zeros >= 2 && byte === 3) {
          zeros = 0
          continue
        }
        back.push(byte)
        zeros = byte === 0 ? zeros + 1 : 0
      }
      assert.deepEqual(Buffer.from(back), Buffer.from(bytes))
    }),
  )
  const payload = encodeCue({ round: 'r', cue: '', issued_us: 1, data: '' }) as Uint8Array
  const picture = Buffer.from([0, 0, 0, 2, 9, 0xf0, 0, 0, 0, 2, 0x65, 1])
  const nal = seiNal(payload)
  const out = insertNal(picture, nal, 4)
  assert.deepEqual(out.subarray(0, 6), picture.subarray(0, 6), 'the access unit delimiter stays first')
  assert.deepEqual(out.subarray(10 + nal.length), picture.subarray(6))

  const ffmpeg = spawn(findProgram('ffmpeg'), [
    ...FFMPEG_QUIET,
    ...[
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=160x90:rate=25',
      '-t',
      '2',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
    ],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
  ])
  const flv = Buffer.concat(await ffmpeg.stdout.toArray())
  assert.ok(flv.length > 5_000)
  const inserter = cueInserter({ clock })
  const passed = inserter.stream.toArray() as Promise<Buffer[]>
  for (let at = 0; at < flv.length; at += 997) inserter.stream.write(flv.subarray(at, at + 997))
  inserter.stream.end()
  assert.deepEqual(Buffer.concat(await passed), flv, 'without a cue the stream passes as it came')
})
