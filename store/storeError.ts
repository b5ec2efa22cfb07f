/** Whose fault a failure is: the store's state (again later), the data's (never), or the query's (fix the query). */
export type Fault = 'store' | 'data' | 'query'

/**
 * A failure of the store. `retriable`: the same call may work later. Only `fault: 'data'` says the rows are bad: an
 * insert that fails for any other reason (a table that is not there yet, a password that changed) is worth another
 * try, so that no row is set apart for what is not its fault.
 */
export class StoreError extends Error {
  /** ClickHouse's number, 0 for a failure of the network. */
  readonly code: number
  /** ClickHouse's name for it, or the network's (`ECONNREFUSED`). */
  readonly type: string
  readonly fault: Fault
  readonly retriable: boolean

  constructor(
    message: string,
    options: {
      readonly code: number
      readonly type: string
      readonly fault: Fault
      /** By default: whether the fault is the store's. */
      readonly retriable?: boolean
      readonly cause?: unknown
    },
  ) {
    super(message, { cause: options.cause })
    this.name = 'StoreError'
    this.code = options.code
    this.type = options.type
    this.fault = options.fault
    this.retriable = options.retriable ?? options.fault === 'store'
  }
}

/** Codes that say something about the bytes sent. */
const DATA = new Set([
  6, 8, 10, 25, 26, 27, 32, 33, 34, 38, 41, 49, 50, 53, 65, 69, 70, 72, 106, 107, 117, 131, 171, 190, 261,
  269, 321, 349, 376, 378, 441, 467, 469, 595, 636, 675, 676, 691, 1001,
])

/** Codes that say that the query, the schema or the rights are wrong: whoever sends it again gets the same answer. */
const QUERY = new Set([
  3, 16, 20, 35, 36, 39, 40, 42, 43, 44, 45, 46, 47, 48, 51, 57, 59, 60, 61, 62, 63, 73, 78, 80, 81, 82, 83,
  115, 158, 164, 168, 179, 183, 184, 192, 193, 194, 206, 215, 223, 306, 344, 352, 358, 381, 386, 392, 396,
  403, 452, 456, 457, 497, 511, 516, 524, 530, 546, 549, 578, 604, 613, 702,
])

/** One batch over too many partitions shares its code with a table of too many parts: halving it helps. */
const TOO_MANY_PARTITIONS = /Too many partitions for single INSERT block/

/** Judges a failure by ClickHouse's code. An unknown code counts as the store's: rows are not given up on a guess. */
export function faultOf(code: number, message: string): Fault {
  if (code === 252 && TOO_MANY_PARTITIONS.test(message)) return 'data'
  if (DATA.has(code)) return 'data'
  if (QUERY.has(code)) return 'query'
  return 'store'
}
