import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'

const CACHE = fileURLToPath(new URL('../../.cache/clients/python', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('python/requirements.txt', import.meta.url))
export const HOW_TO_GET_PYTHON =
  'on Debian: apt-get install python3 python3-venv (pip needs a package index to be reachable)'

/** A Python with an analyst's packages, made once; gives its path. */
export async function preparePython(): Promise<string> {
  const howToGet = HOW_TO_GET_PYTHON
  const python = join(CACHE, 'bin/python')
  if (!existsSync(python)) {
    await mkdir(CACHE, { recursive: true })
    await run('python3', ['-m', 'venv', CACHE], { howToGet })
  }
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS], {
    howToGet,
  })
  return python
}
