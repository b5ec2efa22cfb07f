import { createMonitor } from '../createMonitor.ts'

/** Core and native only: what the size check weighs. */
export const monitor = createMonitor([])
