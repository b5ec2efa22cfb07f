import { KIND_NAMES, type Kind } from './kinds/kinds.ts'
import { measuresOfKind } from './measures.ts'

/** Kinds that numbers are made of: windows wait for their ticks. The others are stored and shown. */
export const MEASURED_KINDS: readonly Kind[] = KIND_NAMES.filter((kind) => measuresOfKind(kind).length > 0)
