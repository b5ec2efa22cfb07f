import { type Case, type Finding, inMs, type Judged } from './finding.ts'
import { longestKeyFrameInterval, median } from './measures.ts'
import type { LiveFrame, LiveSeen } from './observations.ts'
import { type Arrival, playThrough } from './playhead.ts'

/** What a viewer's player buffers of a stream without segments before it begins. */
const START_BUFFER_MS = 1_000
const SILENCE_MS = 3_000
/** A step of the timestamps larger than this is no late frame any more. */
const STEP_MS = 500

/** Arrivals of media time: each frame carries the time up to its own timestamp. */
function arrivalsOf(frames: readonly LiveFrame[]): Arrival[] {
  let before: LiveFrame | undefined
  return frames.map((frame) => {
    const step = before === undefined ? 0 : frame.dts_ms - before.dts_ms
    before = frame
    // a jump of the timestamps is no media that could be played
    return { at_ms: frame.at_ms, media_ms: step < 0 || step > STEP_MS ? 0 : step }
  })
}

function judgeTimestamps(frames: readonly LiveFrame[], limit_ms: number) {
  const findings: Finding[] = []
  let gap_ms = 0
  for (const [index, frame] of frames.entries()) {
    const before = frames[index - 1]
    if (before === undefined) continue
    const step = frame.dts_ms - before.dts_ms
    if (step > Math.max(STEP_MS, limit_ms)) {
      gap_ms += step
      findings.push({ reason: 'timeline_gap', detail: `timestamps of ${frame.kind} jump by ${inMs(step)}` })
    } else if (step < -limit_ms) {
      findings.push({
        reason: 'timeline_overlap',
        detail: `timestamps of ${frame.kind} go back by ${inMs(-step)}`,
      })
    }
  }
  return { findings, gap_ms }
}

/** Distance of the newest sound from the newest picture at each frame's arrival; positive: the sound is ahead. */
function audioVideoOffset(frames: readonly LiveFrame[]): number | undefined {
  let audio: number | undefined
  let video: number | undefined
  const offsets: number[] = []
  for (const frame of frames) {
    if (frame.kind === 'audio') audio = frame.dts_ms
    else video = frame.dts_ms
    if (audio !== undefined && video !== undefined) offsets.push(audio - video)
  }
  return median(offsets)
}

function judgeSilence(live: LiveSeen, ended_ms: number): Finding[] {
  const last_ms = live.frames.at(-1)?.at_ms
  if (live.closed_ms !== undefined) {
    return [{ reason: 'connection_cut', detail: `closed by the server after ${live.frames.length} frames` }]
  }
  if (last_ms !== undefined && ended_ms - last_ms > SILENCE_MS) {
    return [{ reason: 'media_stopped', detail: `nothing for the last ${inMs(ended_ms - last_ms)}` }]
  }
  return []
}

function judgeCodecs(live: LiveSeen, memory: Case['memory']): Finding[] {
  const findings: Finding[] = []
  for (const [kind, codecs, before] of [
    ['video', live.videoCodecs, memory?.videoCodec],
    ['audio', live.audioCodecs, memory?.audioCodec],
  ] as const) {
    const all = before === undefined ? codecs : [before, ...codecs]
    for (const [index, codec] of all.entries()) {
      const last = all[index - 1]
      if (last === undefined || last === codec) continue
      findings.push({ reason: 'codec_changed', detail: `${kind} was ${last}, and is ${codec}` })
    }
  }
  return findings
}

/** Everything that can be told from a stream without segments (HTTP-FLV, RTMP). */
export function judgeLive(
  each: Case & { seen: { live: LiveSeen } },
): Judged & { known: { video?: string; audio?: string } } {
  const { seen, limits } = each
  const { live } = seen
  const video = live.frames.filter((frame) => frame.kind === 'video')
  const audio = live.frames.filter((frame) => frame.kind === 'audio')
  const main = video.length > 0 ? video : audio
  const findings: Finding[] = [...judgeSilence(live, seen.ended_ms), ...judgeCodecs(live, each.memory)]
  if (live.frames.length === 0)
    findings.push({ reason: 'no_media', detail: 'no frame came while the check lasted' })
  else if (video.length > 0 && !video.some((frame) => frame.key)) {
    findings.push({ reason: 'no_key_frame', detail: `none in ${video.length} frames` })
  }
  for (const problem of live.broken.slice(0, 1))
    findings.push({ reason: 'segment_unreadable', detail: problem })

  const timelines = [video, audio].map((frames) => judgeTimestamps(frames, limits.timeline_ms))
  findings.push(...timelines.flatMap((timeline) => timeline.findings))

  const avOffset_ms = audioVideoOffset(live.frames)
  if (avOffset_ms !== undefined && Math.abs(avOffset_ms) > limits.av_offset_ms) {
    const which = avOffset_ms > 0 ? 'ahead of' : 'behind'
    findings.push({
      reason: 'audio_video_offset',
      detail: `sound is ${inMs(Math.abs(avOffset_ms))} ${which} the picture`,
    })
  }
  const keyFrameInterval_ms = longestKeyFrameInterval([
    {
      keyFrames_ms: video.filter((frame) => frame.key).map((frame) => frame.dts_ms),
      end_ms: video.at(-1)?.dts_ms ?? 0,
    },
  ])
  if (keyFrameInterval_ms !== undefined && keyFrameInterval_ms > limits.key_frame_interval_ms) {
    findings.push({
      reason: 'key_frame_interval_long',
      detail: `${inMs(keyFrameInterval_ms)} from one to the next`,
    })
  }
  const firstByte = seen.phases.find((span) => span.phase === 'first_byte_ms')
  if (firstByte !== undefined && firstByte.ms > limits.first_byte_ms) {
    findings.push({ reason: 'first_byte_slow', detail: `the first media byte took ${inMs(firstByte.ms)}` })
  }

  const span_ms = (main.at(-1)?.dts_ms ?? 0) - (main[0]?.dts_ms ?? 0)
  const bytes = live.frames.reduce((sum, frame) => sum + frame.bytes, 0)
  const bitrate_kbps = span_ms >= 1_500 ? (bytes * 8) / span_ms : undefined
  const declared_kbps = each.declared_kbps ?? live.metadata.kbps
  if (bitrate_kbps !== undefined && declared_kbps !== undefined && declared_kbps > 0) {
    const ratio = bitrate_kbps / declared_kbps
    const detail = `${Math.round(bitrate_kbps)} kbps of ${Math.round(declared_kbps)} declared`
    if (ratio < limits.bitrate_min_ratio) findings.push({ reason: 'bitrate_below_declared', detail })
    if (ratio > limits.bitrate_max_ratio) findings.push({ reason: 'bitrate_above_declared', detail })
  }

  const play = playThrough([arrivalsOf(main)], {
    startBuffer_ms: START_BUFFER_MS,
    resumeBuffer_ms: START_BUFFER_MS / 2,
    end_ms: live.closed_ms ?? seen.ended_ms,
  })
  if (play.stalled_ms > limits.stalled_ms) {
    const detail = `${play.stalls.length} times, ${inMs(play.stalled_ms)} in ${inMs(seen.ended_ms - seen.started_ms)}`
    findings.push({ reason: 'would_stall', detail })
  }
  const videoCodec = live.videoCodecs.at(-1)
  const audioCodec = live.audioCodecs.at(-1)
  return {
    findings,
    known: {
      video: videoCodec,
      audio: audioCodec,
    },
    measures: {
      gap_ms: Math.max(0, ...timelines.map((timeline) => timeline.gap_ms)),
      stalled_ms: play.stalled_ms,
      stalls: play.stalls.length,
      seiMessages: live.sei,
      width: live.width,
      height: live.height,
      ...(video.length > 1 && span_ms > 0 ? { fps: ((video.length - 1) * 1000) / span_ms } : {}),
      ...(keyFrameInterval_ms === undefined ? {} : { keyFrameInterval_ms }),
      ...(avOffset_ms === undefined ? {} : { avOffset_ms }),
      ...(bitrate_kbps === undefined ? {} : { bitrate_kbps }),
      ...(declared_kbps === undefined ? {} : { declared_kbps }),
      ...(videoCodec === undefined ? {} : { videoCodec }),
      ...(audioCodec === undefined ? {} : { audioCodec }),
      ...(live.lastSei === undefined ? {} : { lastSei: live.lastSei }),
    },
  }
}
