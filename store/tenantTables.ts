import { KINDS } from '../schemas/kinds/kinds.ts'
import { ROLLUPS } from '../schemas/rollups.ts'
import { SYSTEM_TABLES } from '../schemas/system.ts'

/** Tables of the catalogue whose rows belong to a tenant (column `tenant`). */
export const TENANT_TABLES: readonly string[] = [
  ...Object.keys(KINDS),
  ...Object.keys(ROLLUPS),
  ...Object.entries(SYSTEM_TABLES)
    .filter(([, { fields }]) => 'tenant' in fields)
    .map(([name]) => name),
]
