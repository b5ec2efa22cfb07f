import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { madeOnce } from '../madeOnce.ts'
import { run } from './run.ts'

const CACHE = fileURLToPath(new URL('../../.cache/clients', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('python/requirements.txt', import.meta.url))
export const HOW_TO_GET_PYTHON =
  'on Debian: apt-get install python3 python3-venv (pip needs a package index to be reachable)'

/** A Python with an analyst's packages, made once for each list of them; gives its path. */
export async function preparePython(): Promise<string> {
  const howToGet = HOW_TO_GET_PYTHON
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = join(CACHE, `python-${version}`)
  const python = join(folder, 'bin/python')
  const made = join(folder, 'made')
  await madeOnce({
    cache: CACHE,
    name: `python-${version}`,
    isMade: () => existsSync(made),
    make: async () => {
      await run('python3', ['-m', 'venv', folder], { howToGet })
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]
      await run(python, install, { howToGet })
      writeFileSync(made, '')
    },
  })
  return python
}
