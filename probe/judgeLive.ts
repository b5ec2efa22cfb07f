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
    const step = before === undefined ? 0 : frame.dtsMs - before.dtsMs
    before = frame
    // a jump of the timestamps is no media that could be played
    return { atMs: frame.atMs, mediaMs: step < 0 || step > STEP_MS ? 0 : step }
  })
}

function judgeTimestamps(frames: readonly LiveFrame[], limitMs: number) {
  const findings: Finding[] = []
  let gapMs = 0
  for (const [index, frame] of frames.entries()) {
    const before = frames[index - 1]
    if (before === undefined) continue
    const step = frame.dtsMs - before.dtsMs
    if (step > Math.max(STEP_MS, limitMs)) {
      gapMs += step
      findings.push({ reason: 'timeline_gap', detail: `timestamps of ${frame.kind} jump by ${inMs(step)}` })
    } else if (step < -limitMs) {
      findings.push({
        reason: 'timeline_overlap',
        detail: `timestamps of ${frame.kind} go back by ${inMs(-step)}`,
      })
    }
  }
  return { findings, gapMs }
}

/** Distance of the newest sound from the newest picture at each frame's arrival; positive: the sound is ahead. */
function audioVideoOffset(frames: readonly LiveFrame[]): number | undefined {
  let audio: number | undefined
  let video: number | undefined
  const offsets: number[] = []
  for (const frame of frames) {
    if (frame.kind === 'audio') audio = frame.dtsMs
    else video = frame.dtsMs
    if (audio !== undefined && video !== undefined) offsets.push(audio - video)
  }
  return median(offsets)
}

function judgeSilence(live: LiveSeen, endedMs: number): Finding[] {
  const lastMs = live.frames.at(-1)?.atMs
  if (live.closedMs !== undefined) {
    return [{ reason: 'connection_cut', detail: `closed by the server after ${live.frames.length} frames` }]
  }
  if (lastMs !== undefined && endedMs - lastMs > SILENCE_MS) {
    return [{ reason: 'media_stopped', detail: `nothing for the last ${inMs(endedMs - lastMs)}` }]
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
  const findings: Finding[] = [...judgeSilence(live, seen.endedMs), ...judgeCodecs(live, each.memory)]
  if (live.frames.length === 0)
    findings.push({ reason: 'no_media', detail: 'no frame came while the check lasted' })
  else if (video.length > 0 && !video.some((frame) => frame.key)) {
    findings.push({ reason: 'no_key_frame', detail: `none in ${video.length} frames` })
  }
  for (const problem of live.broken.slice(0, 1))
    findings.push({ reason: 'segment_unreadable', detail: problem })

  const timelines = [video, audio].map((frames) => judgeTimestamps(frames, limits.timeline_ms))
  findings.push(...timelines.flatMap((timeline) => timeline.findings))

  const avOffsetMs = audioVideoOffset(live.frames)
  if (avOffsetMs !== undefined && Math.abs(avOffsetMs) > limits.av_offset_ms) {
    const which = avOffsetMs > 0 ? 'ahead of' : 'behind'
    findings.push({
      reason: 'audio_video_offset',
      detail: `sound is ${inMs(Math.abs(avOffsetMs))} ${which} the picture`,
    })
  }
  const keyFrameIntervalMs = longestKeyFrameInterval([
    {
      keyFramesMs: video.filter((frame) => frame.key).map((frame) => frame.dtsMs),
      endMs: video.at(-1)?.dtsMs ?? 0,
    },
  ])
  if (keyFrameIntervalMs !== undefined && keyFrameIntervalMs > limits.key_frame_interval_ms) {
    findings.push({
      reason: 'key_frame_interval_long',
      detail: `${inMs(keyFrameIntervalMs)} from one to the next`,
    })
  }
  const firstByte = seen.phases.find((span) => span.phase === 'first_byte_ms')
  if (firstByte !== undefined && firstByte.ms > limits.first_byte_ms) {
    findings.push({ reason: 'first_byte_slow', detail: `the first media byte took ${inMs(firstByte.ms)}` })
  }

  const spanMs = (main.at(-1)?.dtsMs ?? 0) - (main[0]?.dtsMs ?? 0)
  const bytes = live.frames.reduce((sum, frame) => sum + frame.bytes, 0)
  const bitrateKbps = spanMs >= 1_500 ? (bytes * 8) / spanMs : undefined
  const declaredKbps = each.declaredKbps ?? live.metadata.kbps
  if (bitrateKbps !== undefined && declaredKbps !== undefined && declaredKbps > 0) {
    const ratio = bitrateKbps / declaredKbps
    const detail = `${Math.round(bitrateKbps)} kbps of ${Math.round(declaredKbps)} declared`
    if (ratio < limits.bitrate_min_ratio) findings.push({ reason: 'bitrate_below_declared', detail })
    if (ratio > limits.bitrate_max_ratio) findings.push({ reason: 'bitrate_above_declared', detail })
  }

  const play = playThrough([arrivalsOf(main)], {
    startBufferMs: START_BUFFER_MS,
    resumeBufferMs: START_BUFFER_MS / 2,
    endMs: live.closedMs ?? seen.endedMs,
  })
  if (play.stalledMs > limits.stalled_ms) {
    const detail = `${play.stalls.length} times, ${inMs(play.stalledMs)} in ${inMs(seen.endedMs - seen.startedMs)}`
    findings.push({ reason: 'would_stall', detail })
  }
  const videoCodec = live.videoCodecs.at(-1)
  const audioCodec = live.audioCodecs.at(-1)
  return {
    findings,
    known: {
      ...(videoCodec === undefined ? {} : { video: videoCodec }),
      ...(audioCodec === undefined ? {} : { audio: audioCodec }),
    },
    measures: {
      gapMs: Math.max(0, ...timelines.map((timeline) => timeline.gapMs)),
      stalledMs: play.stalledMs,
      stalls: play.stalls.length,
      seiMessages: live.sei,
      width: live.width,
      height: live.height,
      ...(video.length > 1 && spanMs > 0 ? { fps: ((video.length - 1) * 1000) / spanMs } : {}),
      ...(keyFrameIntervalMs === undefined ? {} : { keyFrameIntervalMs }),
      ...(avOffsetMs === undefined ? {} : { avOffsetMs }),
      ...(bitrateKbps === undefined ? {} : { bitrateKbps }),
      ...(declaredKbps === undefined ? {} : { declaredKbps }),
      ...(videoCodec === undefined ? {} : { videoCodec }),
      ...(audioCodec === undefined ? {} : { audioCodec }),
      ...(live.lastSei === undefined ? {} : { lastSei: live.lastSei }),
    },
  }
}
