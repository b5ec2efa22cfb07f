/** `npm run generate`: writes what follows from the catalogue; with `--check` compares instead, and exits 1 on a difference. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generated } from './generated.ts'
import { ROOT } from './sources.ts'

const check = process.argv.includes('--check')
const stale: string[] = []
for (const [path, text] of await generated()) {
  const file = join(ROOT, path)
  let before: string | undefined
  try {
    before = readFileSync(file, 'utf8')
  } catch {}
  if (before === text) continue
  stale.push(path)
  if (check) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
if (check && stale.length > 0) {
  console.error(
    `These files do not follow from the catalogue any more; run \`npm run generate\`:\n${stale.map((path) => `  ${path}`).join('\n')}`,
  )
  process.exit(1)
}
console.log(
  check
    ? 'Generated files are up to date.'
    : stale.length === 0
      ? 'Nothing to write.'
      : `Wrote ${stale.join(', ')}`,
)
