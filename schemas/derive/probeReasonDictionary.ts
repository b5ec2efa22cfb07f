import { PROBE_REASON_CODES, PROBE_REASONS, PROBE_STAGES } from '../probeReasons.ts'

/** The page of what a probe can find: a heading a reason (its runbook's anchor), by stage. */
export function probeReasonDictionary(): string {
  const lines = [
    '<!-- Generated from schemas/probeReasons.ts by `npm run generate`. -->',
    '# What a probe finds, and how to mend it',
    '',
    'Of several findings of one check the first in the registry is its reason: causes stand before what follows from them.',
  ]
  for (const stage of PROBE_STAGES) {
    const codes = PROBE_REASON_CODES.filter((code) => PROBE_REASONS[code].stage === stage)
    if (codes.length === 0) continue
    lines.push('', `## Stage \`${stage}\``)
    for (const code of codes) {
      const { severity, help, mend } = PROBE_REASONS[code]
      lines.push('', `### ${code}`, `${help} (${severity})`, '', mend)
    }
  }
  return `${lines.join('\n')}\n`
}
