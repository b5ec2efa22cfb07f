import { fileURLToPath } from 'node:url'
import { run } from '../clients/run.ts'

const HERE = fileURLToPath(new URL('./go', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/deploy/', import.meta.url))
const HOW = 'Go 1.26 or newer, from https://go.dev/dl (its modules come from GOPROXY)'

/** Builds the Go program of this folder and runs it: its output. Throws what it says when it fails. */
export async function goProgram(
  name: 'compose' | 'kubernetes',
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const program = `${CACHE}read-${name}`
  await run('go', ['build', '-buildvcs=false', '-o', program, `./${name}`], { cwd: HERE, howToGet: HOW })
  const pairs = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
  return run('env', [...pairs, program, ...args], { howToGet: HOW })
}
