import { type AudioFacts, codecFamily, type MediaFacts, type VideoFacts } from '../media/facts.ts'
import { type Case, type Finding, inMs, type Judged } from './finding.ts'
import { longestKeyFrameInterval, median } from './measures.ts'
import type { Observations, PieceSeen } from './observations.ts'
import { codecOf } from './parse/tracks.ts'
import { playThrough } from './playhead.ts'

const nameOf = (piece: PieceSeen): string => new URL(piece.uri).pathname.split('/').slice(-2).join('/')

/** The part of a piece that tells its place in time: its picture, or its sound where there is no picture. */
const spanOf = (media: MediaFacts | undefined): VideoFacts | AudioFacts | undefined =>
  media?.video ?? media?.audio

const order = (a: PieceSeen, b: PieceSeen): number => a.sequence - b.sequence || (a.part ?? 0) - (b.part ?? 0)

/** Each piece by itself: there, whole, readable, as long as declared. */
function judgePieces(pieces: readonly PieceSeen[], { limits, seen }: Case): Finding[] {
  const findings: Finding[] = []
  for (const piece of pieces) {
    if (piece.unfinished || piece.gap) continue
    const name = nameOf(piece)
    if (piece.failure !== undefined) {
      if (!piece.sample) findings.push(piece.failure)
      else findings.push({ reason: 'variant_unplayable', detail: `${piece.track}: ${piece.failure.detail}` })
      continue
    }
    if (piece.cut || piece.media?.truncated) {
      findings.push({ reason: 'segment_truncated', detail: `${name} ends early, after ${piece.bytes} bytes` })
      continue
    }
    if (piece.sealed !== undefined)
      findings.push({
        reason: 'encrypted_not_inspected',
        detail: `${name} was not looked into: ${piece.sealed}`,
      })
    if (piece.media?.text !== undefined || (piece.sealed !== undefined && piece.media === undefined)) continue
    const span = spanOf(piece.media)
    if (span === undefined) {
      findings.push({
        reason: 'segment_unreadable',
        detail: `${name}: ${piece.media?.problem ?? 'no frames'}`,
      })
      continue
    }
    const media_ms = span.end_ms - span.start_ms
    const off = Math.abs(media_ms - piece.declared_ms)
    if (off > Math.max(limits.segment_duration_ms, limits.segment_duration_ratio * piece.declared_ms)) {
      const detail = `${name} holds ${inMs(media_ms)}, the playlist says ${inMs(piece.declared_ms)}`
      findings.push({ reason: 'segment_duration_wrong', detail })
    }
    const target_ms = seen.renditions.find((each) => each.id === piece.track)?.target_ms
    // RFC 8216: rounded to the nearest second it may not exceed the target duration
    const hls = seen.protocol !== 'dash'
    if (hls && target_ms !== undefined && Math.round(piece.declared_ms / 1000) * 1000 > target_ms) {
      const detail = `${name} is declared ${inMs(piece.declared_ms)}, the target is ${inMs(target_ms)}`
      findings.push({ reason: 'segment_over_target', detail })
    }
  }
  return findings
}

/** A distance on a timeline that begins again after `wrap_ms`: the shorter way round. */
const apart = (ms: number, wrap_ms: number | undefined): number =>
  wrap_ms === undefined ? ms : ms - Math.round(ms / wrap_ms) * wrap_ms

/** Pieces that follow each other in one timeline: cut at discontinuities and where one is missing. */
function runsOf(pieces: readonly PieceSeen[]): PieceSeen[][] {
  const runs: PieceSeen[][] = []
  let run: PieceSeen[] = []
  for (const piece of pieces) {
    const broken = piece.failure !== undefined || piece.unfinished || spanOf(piece.media) === undefined
    // Sound without time stamps begins at 0 in each piece.
    if (piece.discontinuity || broken || piece.media?.undated) {
      runs.push(run)
      run = []
    }
    if (!broken) run.push(piece)
  }
  runs.push(run)
  return runs.filter((each) => each.length > 0)
}

function judgeTimeline(pieces: readonly PieceSeen[], { limits }: Case) {
  const findings: Finding[] = []
  let gap_ms = pieces.reduce((sum, piece) => sum + (piece.missing || piece.gap ? piece.declared_ms : 0), 0)
  const gaps = pieces.filter((piece) => piece.gap)
  if (gaps.length > 0)
    findings.push({
      reason: 'gap_announced',
      detail: `${gaps.length} segments, from ${nameOf(gaps[0] as PieceSeen)} on`,
    })
  for (const run of runsOf(pieces)) {
    for (const [index, piece] of run.entries()) {
      const before = spanOf(run[index - 1]?.media)
      const own = spanOf(piece.media)
      if (before === undefined || own === undefined || run[index - 1]?.media?.truncated) continue
      const hole = apart(own.start_ms - before.end_ms, piece.media?.wrap_ms)
      if (hole > limits.timeline_ms) {
        gap_ms += hole
        findings.push({ reason: 'timeline_gap', detail: `${inMs(hole)} are missing before ${nameOf(piece)}` })
      } else if (hole < -limits.timeline_ms) {
        findings.push({
          reason: 'timeline_overlap',
          detail: `${nameOf(piece)} begins ${inMs(-hole)} too early`,
        })
      }
    }
  }
  return { findings, gap_ms }
}

function judgeCodecs(pieces: readonly PieceSeen[], { seen, memory }: Case) {
  const findings: Finding[] = []
  const known: Partial<Record<'video' | 'audio', string>> = {}
  for (const kind of ['video', 'audio'] as const) {
    const remembered = kind === 'video' ? memory?.videoCodec : memory?.audioCodec
    const mine = pieces.filter((piece) => !piece.sample && piece.media?.[kind]?.codec)
    let before = remembered
    for (const piece of mine) {
      const codec = piece.media?.[kind]?.codec as string
      // An advertisement behind an announced cut may have another profile, but no other codec.
      const same = piece.discontinuity && codecFamily(codec) === codecFamily(before ?? codec)
      if (before !== undefined && codec !== before && !same) {
        findings.push({
          reason: 'codec_changed',
          detail: `${kind} was ${before}, and is ${codec} in ${nameOf(piece)}`,
        })
      }
      before = codec
    }
    if (before !== undefined) known[kind] = before
    for (const piece of pieces) {
      const codec = piece.media?.[kind]?.codec
      const rendition = seen.renditions.find((each) => each.id === piece.track)
      const declared = codecOf(rendition?.codecs, kind)
      if (!codec || declared === undefined || codecFamily(codec) === codecFamily(declared)) continue
      findings.push({
        reason: 'codec_changed',
        detail: `declared ${declared}, but ${nameOf(piece)} holds ${codec}`,
      })
    }
  }
  for (const piece of pieces) {
    const { width = 0, height = 0 } = seen.renditions.find((each) => each.id === piece.track) ?? {}
    const video = piece.media?.video
    if (!video?.width || !width || (video.width === width && video.height === height)) continue
    const detail = `declared ${width}×${height}, but ${nameOf(piece)} is ${video.width}×${video.height}`
    findings.push({ reason: 'resolution_changed', detail })
  }
  return { findings, known }
}

/** How far sound and picture are apart, ms; positive: the sound is ahead. */
function audioVideoOffset(pieces: readonly PieceSeen[]): number | undefined {
  const together = pieces.flatMap(({ media }) => {
    if (media?.video === undefined || media.audio === undefined || media.truncated) return []
    // both ends, since a muxer may put a little of the sound into the neighbouring segment
    const { video, audio, wrap_ms } = media
    return [
      (apart(video.start_ms - audio.start_ms, wrap_ms) + apart(video.end_ms - audio.end_ms, wrap_ms)) / 2,
    ]
  })
  if (together.length > 0) return median(together)
  const startOf = (kind: 'video' | 'audio') =>
    median(
      pieces.flatMap((piece) => {
        const facts = piece.media?.[kind]
        return piece.kind === kind &&
          facts !== undefined &&
          piece.filmed_ms !== undefined &&
          !piece.media?.undated
          ? [facts.start_ms - piece.filmed_ms]
          : []
      }),
    )
  const video = startOf('video')
  const audio = startOf('audio')
  const wrap_ms = pieces.find(({ media }) => media?.wrap_ms !== undefined)?.media?.wrap_ms
  return video === undefined || audio === undefined ? undefined : apart(video - audio, wrap_ms)
}

/** Bitrate of what the virtual viewer plays against what is declared for it. */
function bitrate(pieces: readonly PieceSeen[], seen: Observations, declared: number | undefined) {
  const [videoTrack] = seen.followed
  const rendition = seen.renditions.find((each) => each.id === videoTrack)
  // DASH declares each representation for itself, HLS a variant with its sound
  const counted = pieces.filter((piece) => seen.protocol !== 'dash' || piece.track === videoTrack)
  const timed = pieces.filter((piece) => piece.track === videoTrack)
  const media_ms = timed.reduce((sum, piece) => {
    const span = spanOf(piece.media)
    if (span === undefined) return sum + (piece.sealed === undefined ? 0 : piece.declared_ms)
    return sum + span.end_ms - span.start_ms
  }, 0)
  const bytes = counted.reduce(
    (sum, piece) => sum + (piece.media === undefined && piece.sealed === undefined ? 0 : piece.bytes),
    0,
  )
  return {
    bitrate_kbps: media_ms >= 1_500 ? (bytes * 8) / media_ms : undefined,
    declared_kbps: declared ?? rendition?.kbps,
  }
}

/** Everything that can be told from the segments of a check. */
export function judgeSegments(each: Case): Judged & { known: { video?: string; audio?: string } } {
  const { seen, limits } = each
  const pieces = [...seen.pieces].sort(order)
  const played = pieces.filter((piece) => !piece.sample)
  const main = played.filter((piece) => piece.track === seen.followed[0])
  const findings: Finding[] = [...judgePieces(pieces, each)]

  const timelines = seen.followed.map((track) =>
    judgeTimeline(
      played.filter((piece) => piece.track === track),
      each,
    ),
  )
  findings.push(...timelines.flatMap((timeline) => timeline.findings))
  const codecs = judgeCodecs(pieces, each)
  findings.push(...codecs.findings)

  const discontinuities = main.filter((piece) => piece.discontinuity).length
  if (discontinuities > 0)
    findings.push({ reason: 'discontinuity', detail: `${discontinuities} in this check` })

  const avOffset_ms = audioVideoOffset(played)
  if (avOffset_ms !== undefined && Math.abs(avOffset_ms) > limits.av_offset_ms) {
    const which = avOffset_ms > 0 ? 'ahead of' : 'behind'
    findings.push({
      reason: 'audio_video_offset',
      detail: `sound is ${inMs(Math.abs(avOffset_ms))} ${which} the picture`,
    })
  }

  const keyFrameInterval_ms = longestKeyFrameInterval(
    runsOf(main).map((run) => ({
      keyFrames_ms: run.flatMap((piece) => [...(piece.media?.video?.keyFrames_ms ?? [])]),
      end_ms: spanOf(run.at(-1)?.media)?.end_ms ?? 0,
    })),
  )
  const hasVideo = main.some((piece) => piece.media?.video !== undefined)
  if (keyFrameInterval_ms !== undefined && keyFrameInterval_ms > limits.key_frame_interval_ms) {
    findings.push({
      reason: 'key_frame_interval_long',
      detail: `${inMs(keyFrameInterval_ms)} from one to the next`,
    })
  } else if (hasVideo && main.every((piece) => (piece.media?.video?.keyFrames_ms.length ?? 0) === 0)) {
    findings.push({ reason: 'no_key_frame', detail: `none in ${main.length} segments` })
  }

  const whole = played.filter((piece) => !piece.unfinished && !piece.missing)
  const wait_ms = median(
    whole.filter((piece) => piece.part === undefined && !piece.gap).map((piece) => piece.wait_ms),
  )
  if (wait_ms !== undefined && wait_ms > limits.first_byte_ms) {
    findings.push({ reason: 'first_byte_slow', detail: `segments answer after ${inMs(wait_ms)}` })
  }
  if (whole.every((piece) => piece.gap) && !played.some((piece) => piece.missing)) {
    findings.push({ reason: 'no_media', detail: 'no segment came while the check lasted' })
  }

  const intact = whole.filter((piece) => !piece.cut && !piece.gap && piece.media?.truncated !== true)
  const rate = bitrate(intact, seen, each.declared_kbps)
  if (rate.bitrate_kbps !== undefined && rate.declared_kbps !== undefined) {
    const ratio = rate.bitrate_kbps / rate.declared_kbps
    const detail = `${Math.round(rate.bitrate_kbps)} kbps of ${Math.round(rate.declared_kbps)} declared`
    if (ratio < limits.bitrate_min_ratio) findings.push({ reason: 'bitrate_below_declared', detail })
    if (ratio > limits.bitrate_max_ratio) findings.push({ reason: 'bitrate_above_declared', detail })
  }

  const play = playThrough(
    seen.followed.map((track) =>
      played
        .filter((piece) => piece.track === track && !piece.unfinished)
        .map((piece) => ({ at_ms: piece.arrived_ms, media_ms: piece.missing ? 0 : piece.declared_ms })),
    ),
    { startBuffer_ms: 0, resumeBuffer_ms: 0, end_ms: seen.ended_ms },
  )
  if (play.stalled_ms > limits.stalled_ms) {
    const detail = `${play.stalls.length} times, ${inMs(play.stalled_ms)} in ${inMs(seen.ended_ms - seen.started_ms)}`
    findings.push({ reason: 'would_stall', detail })
  }
  const first = main.find((piece) => piece.filmed_ms !== undefined && !piece.missing)
  const liveLatency_ms =
    first?.filmed_ms === undefined || play.started_ms === undefined
      ? undefined
      : play.started_ms - first.filmed_ms + play.stalled_ms
  if (liveLatency_ms !== undefined && liveLatency_ms < -limits.clock_ahead_ms) {
    const detail = `the first segment played was filmed ${inMs(-liveLatency_ms)} in the future`
    findings.push({ reason: 'program_date_time_ahead', detail })
  }
  if (liveLatency_ms !== undefined && liveLatency_ms > limits.live_latency_ms) {
    findings.push({ reason: 'latency_high', detail: `${inMs(liveLatency_ms)} behind the moment filmed` })
  }

  const video = main.find((piece) => piece.media?.video !== undefined)?.media?.video
  const lastSei = main.findLast((piece) => piece.media?.video?.lastSei !== undefined)?.media?.video?.lastSei
  const spans = main.flatMap((piece) => {
    const span = piece.part === undefined ? spanOf(piece.media) : undefined
    return span === undefined ? [] : [span.end_ms - span.start_ms]
  })
  const segmentDuration_ms = spans.length > 0 ? spans.reduce((a, b) => a + b, 0) / spans.length : undefined
  return {
    findings,
    known: codecs.known,
    measures: {
      gap_ms: Math.max(0, ...timelines.map((timeline) => timeline.gap_ms)),
      stalled_ms: play.stalled_ms,
      stalls: play.stalls.length,
      discontinuities,
      seiMessages: main.reduce((sum, piece) => sum + (piece.media?.video?.sei ?? 0), 0),
      segmentDuration_ms,
      keyFrameInterval_ms,
      avOffset_ms,
      bitrate_kbps: rate.bitrate_kbps,
      declared_kbps: rate.declared_kbps,
      liveLatency_ms: liveLatency_ms !== undefined && liveLatency_ms < 0 ? undefined : liveLatency_ms,
      videoCodec: codecs.known.video,
      audioCodec: codecs.known.audio,
      ...(video === undefined
        ? {}
        : {
            width: video.width,
            height: video.height,
            fps: (video.frames * 1000) / Math.max(1, video.end_ms - video.start_ms),
          }),
      lastSei,
    },
  }
}
