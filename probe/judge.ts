import { type Case, type Finding, type Judged, type Verdict, verdictOf } from './finding.ts'
import { judgeFreshness, rememberEdges } from './judgeFreshness.ts'
import { judgeLive } from './judgeLive.ts'
import { judgePicture } from './judgePicture.ts'
import { judgeSegments } from './judgeSegments.ts'
import type { Measures } from './measures.ts'
import type { CheckMemory } from './observations.ts'

export interface Judgement extends Verdict {
  readonly measures: Measures
  /** Hand it to the next check of the same target. */
  readonly memory: CheckMemory
}

const DAY_MS = 86_400_000

const startupOf = ({ seen }: Case): number | undefined => {
  const last = seen.phases.find((span) => span.phase === 'first_key_frame_ms')
  return last === undefined ? undefined : last.from_ms + last.ms
}

function judgeCertificate({ seen, limits }: Case): Finding[] {
  const { certificate } = seen
  if (certificate === undefined || seen.failure !== undefined) return []
  const days = (certificate.validTo_ms - seen.started_ms) / DAY_MS
  if (days > limits.certificate_days) return []
  return [{ reason: 'certificate_expires_soon', detail: `in ${Math.max(0, days).toFixed(1)} days` }]
}

/** Draws the verdict of a check from what it saw. Pure: the same case gives the same judgement. */
export function judge(each: Case): Judgement {
  const { seen } = each
  const findings: Finding[] = [...judgeCertificate(each)]
  let measures: Partial<Measures> = {}
  let known: { video?: string; audio?: string } = {}
  const add = (judged: Judged & { known?: { video?: string; audio?: string } }) => {
    findings.push(...judged.findings)
    measures = { ...measures, ...judged.measures }
    known = { ...known, ...judged.known }
  }
  if (seen.failure !== undefined) findings.push(seen.failure)
  else if (seen.live !== undefined) add(judgeLive({ ...each, seen: { ...seen, live: seen.live } }))
  else {
    add(judgeFreshness(each))
    add(judgeSegments(each))
  }
  if (seen.picture !== undefined) findings.push(...judgePicture(seen.picture, each.limits))
  const startup_ms = startupOf(each)
  const edges = rememberEdges(each)
  const videoCodec = known.video ?? each.memory?.videoCodec
  const audioCodec = known.audio ?? each.memory?.audioCodec
  return {
    ...verdictOf(findings),
    measures: {
      gap_ms: 0,
      stalled_ms: 0,
      stalls: 0,
      discontinuities: 0,
      seiMessages: 0,
      variants: seen.renditions.filter((rendition) => rendition.kind === 'video').length,
      bytes: seen.bytes,
      ...measures,
      ...(startup_ms === undefined ? {} : { startup_ms }),
    },
    memory: {
      edges: { ...each.memory?.edges, ...edges },
      videoCodec,
      audioCodec,
    },
  }
}
