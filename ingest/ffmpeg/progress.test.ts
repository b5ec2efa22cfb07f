import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressEvent, progressReader } from './progress.ts'

/** What ffmpeg 5.1 wrote with `-f tee "[f=flv]a.flv|[f=mpegts]b.ts"`, two blocks a second apart: a tee has no size and no bitrate. */
const TEE = [
  [11, '10.96', 700_000, '0.697x'],
  [21, '10.46', 1_700_000, '0.847x'],
]
  .map(
    ([frame, fps, time_us, speed]) =>
      `frame=${frame}\nfps=${fps}\nstream_0_0_q=7.0\nbitrate=N/A\ntotal_size=N/A\nout_time_us=${time_us}\nout_time_ms=${time_us}\ndup_frames=0\ndrop_frames=0\nspeed=${speed}\nprogress=continue\n`,
  )
  .join('')

test('a tee says frames and speed; what it cannot know is left out', () => {
  const [first, second] = progressReader()(TEE)
  const event = progressEvent(
    { progress: second!, at_ms: 2_000 },
    { progress: first!, at_ms: 1_000 },
    { hop: 'transcode', node: 'ladder' },
  )
  assert.deepEqual(
    { ...event },
    {
      ...{ kind: 'hop', hop: 'transcode', node: 'ladder', interval_ms: 1_000, status: 'up' },
      ...{ frames: 10, frames_dropped: 0, frames_duplicated: 0, fps_out: 10, speed_ratio: 1 },
    },
  )
})
