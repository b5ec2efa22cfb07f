import { askConsole } from '../query/askConsole.ts'

export type Rows = <T>(sql: string, params?: Readonly<Record<string, string>>) => Promise<T[]>

/** Rows as objects over the console's read-only SQL; 64-bit numbers come as numbers. */
export const askRows =
  (url: string, token?: string): Rows =>
  async (sql, params = {}) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of askConsole({ url, token, sql, format: 'JSONEachRow', params }))
      chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
