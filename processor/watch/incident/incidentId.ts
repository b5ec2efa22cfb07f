import { createHash } from 'node:crypto'

/** Names an incident by what was seen first, so that the same facts judged again give the same name. */
export function incidentId(parts: readonly (string | number)[]): string {
  return `inc-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`
}
