import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROBE_LIMITS, PROBE_REASON_CODES, PROBE_REASONS, PROBE_STAGES } from '../schemas/probeReasons.ts'
import { verdictOf } from './finding.ts'
import { judge } from './judge.ts'
import type { Observations, PieceSeen } from './observations.ts'

const TRACK = 'v'

const piece = (sequence: number, change: Partial<PieceSeen> = {}): PieceSeen => ({
  track: TRACK,
  kind: 'video',
  sequence,
  uri: `http://x/v/${sequence}.m4s`,
  requested_ms: sequence * 2_000,
  arrived_ms: sequence * 2_000 + 50,
  wait_ms: 20,
  status: 200,
  bytes: 250_000,
  declared_ms: 2_000,
  filmed_ms: sequence * 2_000 - 4_000,
  discontinuity: false,
  gap: false,
  missing: false,
  cut: false,
  unfinished: false,
  media: {
    truncated: false,
    video: {
      codec: 'avc1.64001f',
      width: 1280,
      height: 720,
      frames: 50,
      start_ms: sequence * 2_000,
      end_ms: sequence * 2_000 + 2_000,
      keyFrames_ms: [sequence * 2_000],
      bytes: 240_000,
      sei: 0,
    },
  },
  sample: false,
  ...change,
})

const edge = (sequence: number, at_ms: number, track = TRACK) => ({
  track,
  at_ms,
  edge: `${sequence}.-1`,
  filmed_ms: sequence * 2_000,
  ended: false,
})

const healthy: Observations = {
  url: 'http://x/live.m3u8',
  protocol: 'hls',
  started_ms: 0,
  ended_ms: 8_000,
  phases: [
    { phase: 'manifest_ms', from_ms: 0, ms: 30 },
    { phase: 'first_byte_ms', from_ms: 30, ms: 20 },
    { phase: 'first_key_frame_ms', from_ms: 50, ms: 10 },
  ],
  renditions: [
    {
      id: TRACK,
      kind: 'video',
      kbps: 1_000,
      codecs: 'avc1.64001f',
      width: 1280,
      height: 720,
      target_ms: 2_000,
    },
  ],
  followed: [TRACK],
  edges: [edge(1, 0), edge(1, 1_000), edge(2, 2_000), edge(2, 3_000), edge(3, 4_000)],
  pieces: [piece(0), piece(1), piece(2), piece(3)],
  variantFailures: [],
  bytes: 1_000_000,
}

const reasons = (
  change: Partial<Observations>,
  more: { memory?: Parameters<typeof judge>[0]['memory'] } = {},
) =>
  judge({
    seen: { ...healthy, ...change },
    limits: PROBE_LIMITS,
    ...(more.memory === undefined ? {} : { memory: more.memory }),
  }).findings.map((finding) => finding.reason)

test('a healthy case is healthy, and its numbers are those of its parts', () => {
  const judgement = judge({ seen: healthy, limits: PROBE_LIMITS })
  assert.equal(judgement.verdict, 'healthy')
  assert.deepEqual(judgement.findings, [])
  const { measures } = judgement
  assert.equal(measures.startup_ms, 60)
  assert.equal(measures.keyFrameInterval_ms, 2_000)
  assert.equal(measures.segmentDuration_ms, 2_000)
  assert.equal(measures.bitrate_kbps, 1_000)
  assert.equal(measures.fps, 25)
})

/** Each case on both sides of its limit. */
const SIDES: readonly [
  name: string,
  quiet: Partial<Observations>,
  firing: Partial<Observations>,
  reason: string,
][] = [
  [
    'a stale playlist',
    { edges: [edge(1, 0), edge(1, 5_400), edge(2, 5_500)] },
    { edges: [edge(1, 0), edge(1, 2_000), edge(1, 5_600)] },
    'playlist_stale',
  ],
  [
    'a hole in the timeline',
    { pieces: [piece(0), piece(1), piece(3, { discontinuity: true })] },
    { pieces: [piece(0), piece(1), piece(3)] },
    'timeline_gap',
  ],
  [
    'a wrong duration',
    { pieces: [piece(0), piece(1, { declared_ms: 2_450 })] },
    { pieces: [piece(0), piece(1, { declared_ms: 3_000 })] },
    'segment_duration_wrong',
  ],
  [
    'a missing segment',
    {},
    { pieces: [piece(0), piece(1, { missing: true, failure: { reason: 'segment_missing', detail: '' } })] },
    'segment_missing',
  ],
  [
    'slow answers',
    { pieces: [piece(0, { wait_ms: 9_000 }), piece(1), piece(2)] },
    { pieces: [piece(0, { wait_ms: 1_600 }), piece(1, { wait_ms: 1_600 }), piece(2)] },
    'first_byte_slow',
  ],
  [
    'too little sent',
    { pieces: [piece(0, { bytes: 160_000 })] },
    { pieces: [piece(0, { bytes: 140_000 })] },
    'bitrate_below_declared',
  ],
  [
    'too much sent',
    { pieces: [piece(0, { bytes: 390_000 })] },
    { pieces: [piece(0, { bytes: 410_000 })] },
    'bitrate_above_declared',
  ],
]

for (const [name, quiet, firing, reason] of SIDES) {
  test(`${name} fires beyond its limit and not before`, () => {
    assert.ok(!reasons(quiet).includes(reason as never), JSON.stringify(reasons(quiet)))
    assert.ok(reasons(firing).includes(reason as never), JSON.stringify(reasons(firing)))
  })
}

test('an edge that has not moved since an earlier check is stale, however short this check', () => {
  const edges = [edge(7, 60_000), edge(7, 61_000)]
  assert.deepEqual(reasons({ edges }), [])
  const memory = { edges: { [TRACK]: { edge: '7.-1', since_ms: 40_000, seen_ms: 41_000 } } }
  assert.deepEqual(reasons({ edges }, { memory }), ['playlist_stale'])
  const moved = { edges: { [TRACK]: { edge: '6.-1', since_ms: 40_000, seen_ms: 41_000 } } }
  assert.deepEqual(reasons({ edges }, { memory: moved }), [])
})

test('a codec that changed between two checks is told', () => {
  assert.deepEqual(reasons({}, { memory: { edges: {}, videoCodec: 'avc1.64001f' } }), [])
  assert.deepEqual(reasons({}, { memory: { edges: {}, videoCodec: 'hvc1.1.6.L93' } }), ['codec_changed'])
})

test('the first reason is the cause, not what follows from it; notices change no verdict', () => {
  const findings = (['would_stall', 'playlist_stale', 'discontinuity'] as const).map((reason) => ({
    reason,
    detail: '',
  }))
  const verdict = verdictOf(findings)
  assert.equal(verdict.reason, 'playlist_stale')
  assert.equal(verdict.verdict, 'failed')
  assert.equal(verdictOf([{ reason: 'discontinuity', detail: '' }]).verdict, 'healthy')
})

test('every reason has a stage of the list, a help and a way to mend it', () => {
  for (const code of PROBE_REASON_CODES) {
    const spec = PROBE_REASONS[code]
    assert.match(code, /^[a-z0-9_]+$/)
    assert.ok(PROBE_STAGES.includes(spec.stage))
    assert.match(`${spec.help} ${spec.mend}`, /\. .*[.?]$/, code)
  }
})
