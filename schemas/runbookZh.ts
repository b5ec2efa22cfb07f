import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const FILE = new URL('../docs/runbooks/parts.zh.yaml', import.meta.url)

/** The sentences of the runbooks in Chinese, by the English one (`docs/runbooks/parts.zh.yaml`). */
const SENTENCES: Readonly<Record<string, string>> = parse(readFileSync(FILE, 'utf8'))

/** A runbook's sentence in Chinese; undefined where nobody has translated it. */
export const runbookZh = (sentence: string): string | undefined =>
  Object.hasOwn(SENTENCES, sentence) ? SENTENCES[sentence] : undefined
