/** `npm run lines`: lines of code by folder, and of tests; generated files aside. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { filesBelow, isTestFile, ROOT } from './sources.ts'

const counts = new Map<string, number>()
for (const file of filesBelow(ROOT, /\.(tsx?|mjs|css|html|sql|sh|py|go|kt)$/)) {
  const path = relative(ROOT, file)
  if (/(^|\/)generated\//.test(path)) continue
  const [folder = '', ...rest] = path.split('/')
  const name =
    rest.length === 0 ? 'top' : ['bench', 'check'].includes(folder) || !isTestFile(path) ? folder : 'tests'
  counts.set(name, (counts.get(name) ?? 0) + readFileSync(file, 'utf8').split('\n').length - 1)
}
const product = [...counts].filter(([name]) => name !== 'tests').sort(([, a], [, b]) => b - a)
for (const [name, lines] of product) console.log(`${String(lines).padStart(7)}  ${name}`)
console.log(`${String(product.reduce((sum, [, lines]) => sum + lines, 0)).padStart(7)}  outside tests`)
console.log(`${String(counts.get('tests') ?? 0).padStart(7)}  tests`)
