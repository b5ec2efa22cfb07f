import { readdirSync, readFileSync } from 'node:fs'

/** The process of the embedded store of a Firstframe, by its parent's pid. */
export function storePid(parent: number): number {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('store-process')) return Number(name)
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error('no store process')
}
