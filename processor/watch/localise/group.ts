/** Which group each row belongs to, numbered from 0 in order of first appearance; -1 where a code was negative. */
export interface Grouping {
  readonly of: Int32Array
  readonly groups: number
}

/** Above this many possible pairs a hash table is used in place of a plain array. */
const DENSE = 1 << 20

/** One group for all rows: the cuboid of no dimension. */
export const oneGroup = (rows: number): Grouping => ({ of: new Int32Array(rows), groups: 1 })

/**
 * Refines a grouping by one more column of codes (≥ 0; negative codes give group -1). A cuboid of k dimensions is its
 * parent of k - 1 refined once, so keys never exceed groups × codes and no key of many dimensions is ever built.
 */
export const refine = (parent: Grouping, codes: ArrayLike<number>, cardinality: number): Grouping => {
  const rows = parent.of.length
  const of = new Int32Array(rows)
  const space = parent.groups * cardinality
  let groups = 0
  if (space <= DENSE) {
    const seen = new Int32Array(space).fill(-1)
    for (let i = 0; i < rows; i++) {
      const above = parent.of[i]!
      const code = codes[i]!
      if (above < 0 || code < 0) {
        of[i] = -1
        continue
      }
      const key = above * cardinality + code
      let group = seen[key]!
      if (group < 0) {
        group = groups++
        seen[key] = group
      }
      of[i] = group
    }
    return { of, groups }
  }
  // Open addressing over (parent group, code); the table is at most half full.
  let bits = 4
  while (1 << bits < rows * 2) bits++
  const mask = (1 << bits) - 1
  const slots = new Int32Array(mask + 1).fill(-1)
  const aboveOf = new Int32Array(rows)
  const codeOf = new Int32Array(rows)
  for (let i = 0; i < rows; i++) {
    const above = parent.of[i]!
    const code = codes[i]!
    if (above < 0 || code < 0) {
      of[i] = -1
      continue
    }
    let slot = (Math.imul(above, 0x9e3779b1) ^ Math.imul(code + 1, 0x85ebca6b)) >>> (32 - bits)
    for (;;) {
      const group = slots[slot]!
      if (group < 0) {
        slots[slot] = groups
        aboveOf[groups] = above
        codeOf[groups] = code
        of[i] = groups++
        break
      }
      if (aboveOf[group] === above && codeOf[group] === code) {
        of[i] = group
        break
      }
      slot = (slot + 1) & mask
    }
  }
  return { of, groups }
}

/** Largest code of a column plus one. */
export const cardinalityOf = (...columns: ArrayLike<number>[]): number => {
  let max = -1
  for (const column of columns) for (let i = 0; i < column.length; i++) if (column[i]! > max) max = column[i]!
  return max + 1
}
