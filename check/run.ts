/** The rules of the house, in one run: imports, circles, names, licences, and the paths that pages name. Exits 1 on a broken rule. */
import { importCircles } from './circles.ts'
import { brokenDocPaths } from './docPaths.ts'
import { brokenImports } from './imports.ts'
import { brokenLicences } from './licences.ts'
import { brokenNames } from './names.ts'
import { brokenShow } from './showTable.ts'
import { sourceFiles } from './sources.ts'

const files = sourceFiles()
const rules = {
  'folders import only what they may': brokenImports(files),
  'no circles of imports': importCircles(files),
  'names follow the rules': brokenNames(files),
  'licences are taken and bytes fixed': brokenLicences(),
  'pages name files that exist': brokenDocPaths(),
  'every field has a source, every metric a board, every rule a runbook': brokenShow(),
}
let broken = 0
for (const [rule, lines] of Object.entries(rules)) {
  console.log(`${lines.length === 0 ? 'ok ' : 'NOT'} ${rule}`)
  for (const line of lines.slice(0, 40)) console.error(`    ${line}`)
  if (lines.length > 40) console.error(`    … and ${lines.length - 40} more`)
  broken += lines.length
}
if (broken > 0) process.exit(1)
