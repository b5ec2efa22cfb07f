import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expectedError } from './expectedError.ts'

const SECRET = /^[0-9a-f]{64}$/

/**
 * The secret of a name: 32 random bytes as hexadecimal text, in a file of its own that only its owner may read. Made the first time.
 * @param loss what is lost when the file is made anew, for the message
 * @throws an expected error when the file is empty, torn or cannot be read: a new secret in its place would be a silent loss
 */
export function keptSecret(folder: string, name: string, loss: string): string {
  const path = join(folder, name)
  const kept = readKept(path, loss)
  if (kept !== undefined) return kept
  const secret = randomBytes(32).toString('hex')
  const written = `${path}.${process.pid}.part`
  const file = openSync(written, 'w', 0o600)
  writeSync(file, secret)
  fsyncSync(file)
  closeSync(file)
  try {
    // fails when another process was faster: then its secret counts
    linkSync(written, path)
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readKept(path, loss) as string
  } finally {
    rmSync(written, { force: true })
  }
}

function readKept(path: string, loss: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw expectedError(
      `${path} cannot be read (${message}). It must belong to the user who runs Firstframe.`,
    )
  }
  if (!SECRET.test(text))
    throw expectedError(
      `${path} is ${text === '' ? 'empty' : 'damaged'}: it has ${text.length} characters and not 64 hexadecimal digits. Bring it back from a backup (\`firstframe restore\`), or remove it: a new one is made then, and ${loss}.`,
    )
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
  return text
}
