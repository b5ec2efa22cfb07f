import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The runbook of a rule, as Markdown: the page of the rule, else of its metric, else the one for all. undefined: there is none.
 */
export async function readRunbook(folder: string, rule: string): Promise<string | undefined> {
  if (!/^[a-z0-9_-]{1,128}$/.test(rule)) return undefined
  for (const name of [rule, rule.replace(/-[a-z]+$/, ''), 'README']) {
    const text = await readFile(join(folder, `${name}.md`), 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  return undefined
}
