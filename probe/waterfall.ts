import { PROBE_REASONS } from '../schemas/probeReasons.ts'
import { decodeCue } from '../schemas/sei.ts'
import type { CheckResult } from './check.ts'

export interface WaterfallOptions {
  readonly colour: boolean
  /** Columns of the bars. Default 48. */
  readonly width?: number
}

const NAMES: Readonly<Record<string, string>> = {
  dns_ms: 'DNS',
  tcp_ms: 'TCP',
  tls_ms: 'TLS',
  handshake_ms: 'handshake',
  manifest_ms: 'manifest',
  first_byte_ms: 'first byte',
  first_key_frame_ms: 'key frame',
}

const COLOURS = { healthy: 32, degraded: 33, failed: 31, notice: 36 } as const

const ms = (value: number): string =>
  value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`

/** The phases as bars on one time line, then the numbers, then what was found. Plain text, one line each. */
export function waterfall(result: CheckResult, options: WaterfallOptions): string {
  const { seen, measures } = result
  const width = options.width ?? 48
  const paint = (text: string, colour: keyof typeof COLOURS): string =>
    options.colour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text
  const lines = [`${seen.url}`, `${seen.protocol}, watched for ${ms(seen.ended_ms - seen.started_ms)}`, '']

  const total = Math.max(1, ...seen.phases.map((span) => span.from_ms + span.ms))
  for (const span of seen.phases) {
    const from = Math.min(width - 1, Math.floor((span.from_ms / total) * width))
    const length = Math.max(1, Math.min(width - from, Math.round((span.ms / total) * width)))
    const bar = `${' '.repeat(from)}${'█'.repeat(length)}`.padEnd(width)
    lines.push(
      `  ${(NAMES[span.phase] ?? span.phase).padEnd(11)}${ms(span.ms).padStart(9)}  ${bar.trimEnd()}`,
    )
  }
  if (measures.startup_ms !== undefined)
    lines.push(`  ${'start-up'.padEnd(11)}${ms(measures.startup_ms).padStart(9)}`)
  lines.push('')

  const reported = (name: string, value: string | undefined) => {
    if (value !== undefined) lines.push(`  ${name.padEnd(20)} ${value}`)
  }
  const inMs = (value: number | undefined) => (value === undefined ? undefined : ms(value))
  const { width: w, height: h, videoCodec, audioCodec, fps, bitrate_kbps, declared_kbps } = measures
  if (videoCodec !== undefined)
    reported(
      'video',
      [videoCodec, w && h ? `${w}×${h}` : '', fps ? `${fps.toFixed(1)} fps` : ''].filter(Boolean).join(', '),
    )
  reported('audio', audioCodec)
  if (bitrate_kbps !== undefined) {
    reported(
      'bitrate',
      `${Math.round(bitrate_kbps)} kbps${declared_kbps ? ` of ${Math.round(declared_kbps)} declared` : ''}`,
    )
  }
  reported('segment duration', inMs(measures.segmentDuration_ms))
  reported('key-frame interval', inMs(measures.keyFrameInterval_ms))
  reported('live edge’s age', inMs(measures.freshness_ms))
  reported('live latency', inMs(measures.liveLatency_ms))
  if (measures.avOffset_ms !== undefined) {
    reported(
      'sound',
      `${ms(Math.abs(measures.avOffset_ms))} ${measures.avOffset_ms >= 0 ? 'ahead of' : 'behind'} the picture`,
    )
  }
  if (measures.seiMessages > 0) reported('SEI messages', String(measures.seiMessages))
  const { lastSei } = measures
  const cue = lastSei === undefined ? undefined : decodeCue(lastSei.uuid, lastSei.payload)
  if (cue !== undefined) reported('last cue', `round ${cue.round}${cue.cue === '' ? '' : `, ${cue.cue}`}`)
  if (measures.variants > 1) reported('variants', String(measures.variants))
  if (measures.startup_ms !== undefined)
    reported('stalls', measures.stalls === 0 ? 'none' : `${measures.stalls}, ${ms(measures.stalled_ms)}`)
  reported('fetched', `${(measures.bytes / 1000).toFixed(0)} kB`)
  const picture = seen.picture
  if (picture !== undefined && picture.firstFrame_ms !== undefined) {
    reported('browser', `${picture.player}, first frame after ${ms(picture.firstFrame_ms)}`)
  }
  lines.push('')

  lines.push(
    paint(
      result.verdict === 'healthy' ? 'healthy' : `${result.verdict} at ${result.stage}: ${result.reason}`,
      result.verdict,
    ),
  )
  for (const finding of result.findings) {
    const spec = PROBE_REASONS[finding.reason]
    const colour = spec.severity === 'notice' ? 'notice' : spec.severity
    lines.push(`  ${paint(finding.reason, colour)}: ${spec.help}`)
    lines.push(`    seen: ${finding.detail}`)
    if (spec.severity !== 'notice') lines.push(`    mend: ${spec.mend}`)
  }
  return `${lines.join('\n')}\n`
}
