import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { expectedError } from './expectedError.ts'

/**
 * A text file that a person named, without its byte order mark.
 * @throws an expected error when it cannot be read or is not UTF-8 (PowerShell's `>` writes UTF-16)
 */
export function readText(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw expectedError(`${file} cannot be read: ${(error as Error).message}`)
  }
  if (!isUtf8(bytes) || bytes.includes(0))
    throw expectedError(`${file} is not text in UTF-8: save it again in that encoding.`)
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}
