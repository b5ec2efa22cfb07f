import { writeFile } from 'node:fs/promises'
import { encodeCmcd, decodeCmcd as libraryDecode } from '@svta/cml-cmcd'
import { decodeCmcd } from '../collector/cmcd/decode.ts'
import { seeCmcd } from '../test/players/cmcdStage.ts'
import { conformancePage, MODES, PLAYER_NAMES } from '../test/players/conformance.ts'
import type { BenchOptions } from './run.ts'

const RECORDS = 1_000

/** A record of a player's event mode, with the keys that players send. */
const recordOf = (number: number): string =>
  encodeCmcd(
    {
      ...{
        v: 2,
        e: 'rr',
        ts: 1_795_169_302_567 + number,
        sid: `s-${number}`,
        cid: 'main',
        sf: 'h',
        st: 'l',
        sta: 'p',
      },
      ...{
        br: [4_000 + number],
        bl: [2_000],
        mtp: [15_000],
        ot: 'v',
        d: 2_000,
        su: true,
        bs: number % 9 === 0,
      },
      ...{ ltc: 1_500 + number, url: `https://cdn.example/${number}.ts`, rc: 200, ttfb: 40, ttlb: 120 },
    } as never,
    { version: 2, reportingMode: 'event' } as never,
  )

/** CPU µs a record, by our decoder and by the library's. */
function compareDecoders(): { readonly ours_us: number; readonly library_us: number } {
  const lines = Array.from({ length: RECORDS }, (_, number) => recordOf(number))
  const cost = (decode: (line: string) => unknown): number => {
    const before = process.cpuUsage()
    for (let round = 0; round < 40; round += 1) for (const line of lines) decode(line)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / (40 * RECORDS)
  }
  cost(decodeCmcd)
  cost(libraryDecode)
  return { ours_us: cost(decodeCmcd), library_us: cost(libraryDecode) }
}

/**
 * Plays the three players in every mode and writes docs/players/cmcd.md from what came. With `--decode`: only what a record
 * costs to decode, by our decoder and by `@svta/cml-cmcd`.
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  if (args.includes('--decode')) {
    const costs = compareDecoders()
    const ratio = costs.library_us / costs.ours_us
    console.log(
      json ? JSON.stringify({ ...costs, ratio }) : `${JSON.stringify(costs)}: ${ratio.toFixed(2)} times`,
    )
    return
  }
  const { seen, refused } = await seeCmcd()
  await writeFile(new URL('../docs/players/cmcd.md', import.meta.url), conformancePage(seen))
  for (const player of PLAYER_NAMES) {
    const records = Object.fromEntries(
      MODES.map((mode) => [mode, seen.filter((each) => each.player === player && each.mode === mode).length]),
    )
    console.log(
      json ? JSON.stringify({ player, records }) : `${player}: records by mode ${JSON.stringify(records)}`,
    )
  }
  if (!json) console.log(`refused: ${refused.length}; wrote docs/players/cmcd.md`)
}
