import type { Firstframe } from './firstframe.ts'

/** Read-only SQL on the console's port, as any client asks it. */
export const sqlOf =
  ({ consoleUrl }: Pick<Firstframe, 'consoleUrl'>) =>
  async <T>(sql: string): Promise<T[]> => {
    const answer = await fetch(`${consoleUrl}/clickhouse/?default_format=JSONEachRow&database=firstframe`, {
      method: 'POST',
      body: sql,
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text.trim() === ''
      ? []
      : text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as T)
  }
