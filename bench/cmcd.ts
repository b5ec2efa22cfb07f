import { writeFile } from 'node:fs/promises'
import { seeCmcd } from '../test/players/cmcdStage.ts'
import { conformancePage, MODES, PLAYER_NAMES } from '../test/players/conformance.ts'
import type { BenchOptions } from './run.ts'

/** Plays the three players in every mode and writes docs/players/cmcd.md from what came. */
export async function run({ json }: BenchOptions): Promise<void> {
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
