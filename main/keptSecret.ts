import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expectedError } from './expectedError.ts'

/**
 * The random secret of a data folder: 64 hexadecimal digits in the file `secret`, mode 600; made when there is none.
 * @throws an expected error when the file is there and is not such a secret
 */
export function keptSecret(folder: string): string {
  const path = join(folder, 'secret')
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw expectedError(`${path} cannot be read: ${(error as Error).message}`)
    return makeSecret(path)
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw expectedError(
      `${path} is damaged: it has ${text.length} characters and not 64 hexadecimal digits. Bring it back from a backup (\`firstframe restore\`), or remove it: a new one is made then, and viewers of earlier days count as new.`,
    )
  return text
}

/** Written whole or not at all: a process that dies meanwhile leaves no half of it. */
function makeSecret(path: string): string {
  const secret = randomBytes(32).toString('hex')
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    writeSync(file, secret)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  return secret
}
