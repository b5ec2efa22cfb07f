/** `npm run bench -- NAME… [--json]`: each name is a file beside this one that exports `run`. Without a name, lists them. */
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface BenchOptions {
  /** One object a line on standard output and nothing else. */
  readonly json: boolean
  /** What else was on the command line. */
  readonly args: readonly string[]
}

const folder = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'run.ts')
  .map((name) => name.replace('.ts', '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
const args = process.argv.slice(2)
const wanted = args.filter((each) => names.includes(each))
if (wanted.length === 0) {
  console.error(`Which one? npm run bench -- ${names.join(' | ')} [--json]`)
  process.exit(1)
}
const options: BenchOptions = {
  json: args.includes('--json'),
  args: args.filter((each) => each !== '--json' && !names.includes(each)),
}
const [cpu] = cpus()
const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'a core'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`
if (options.json) console.log(JSON.stringify({ bench: 'machine', case: machine }))
for (const name of wanted) {
  const bench = (await import(
    `./${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}.ts`
  )) as { run(options: BenchOptions): Promise<unknown> }
  if (!options.json) console.log(`\n── ${name}`)
  await bench.run(options)
}
