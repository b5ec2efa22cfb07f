import { CAUSAL_DIMENSIONS } from '../../../schemas/dimensions.ts'
import { KINDS, type Kind } from '../../../schemas/kinds/kinds.ts'
import { POOL_ROUND } from '../../../schemas/kinds/ledger.ts'

/** A kind's own labels that tell its cells apart, beside the causal dimensions. */
const OWN: Readonly<Record<Kind, readonly string[]>> = {
  startup: ['error_category'],
  heartbeat: [],
  interaction: ['action', 'round', 'channel', 'topic', 'error_code'],
  cue: ['round', 'stage'],
  cohost: ['peer'],
  hop: ['hop', 'node', 'status', 'event', 'reason'],
  probe: ['target', 'hop', 'verdict', 'stage', 'reason'],
  resource: ['resource', 'node', 'sense', 'round'],
  ledger: POOL_ROUND,
  change: [],
}

/** The dimensions of each kind's cells, in order. */
const FIELDS = Object.fromEntries(
  (Object.keys(KINDS) as Kind[]).map((kind) => [
    kind,
    [...CAUSAL_DIMENSIONS, ...OWN[kind].filter((name) => name in KINDS[kind].fields)],
  ]),
) as unknown as Readonly<Record<Kind, readonly string[]>>

/** The dimensions by which a kind’s cells are told apart, in order. */
export const cellFields = (kind: Kind): readonly string[] => FIELDS[kind]
