import { distance } from 'fastest-levenshtein'

/** ", did you mean …?" for the closest of the names; empty when none is close (a third of its letters, at least two). */
export function nearest(name: string, names: readonly string[]): string {
  let best = ''
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best ? `, did you mean ${best}?` : ''
}
