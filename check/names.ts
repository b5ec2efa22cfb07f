/** How things are named: files after their main export in camelCase, units as a suffix, nouns and verbs of the field. */
import { basename } from 'node:path'
import type { SourceFile } from './sources.ts'

/** Names that other programs gave: properties of Node, k6, OBS and kafkajs. */
const FOREIGN = new Set([
  // commander's name of the option --stall-ms
  'stallMs',
  'mtimeMs',
  'atimeMs',
  'birthtimeMs',
  'maxWaitTimeInMs',
  'testRunDurationMs',
  'activeFps',
  'inMs',
])

const FILE_NAME = /^[a-z][A-Za-z0-9]*(\.(test|child|d|config))?\.(tsx?|mts|mjs)$/
const COMPONENT_NAME = /^[A-Z][A-Za-z0-9]*(\.test)?\.tsx$/
const UNIT_IN_CAMEL_CASE = /\b[a-z][A-Za-z0-9]*(?:Ms|Kbps|Fps|Bps)\b/g
/** Words that say nothing about what they name. */
const EMPTY_WORD =
  /\b(?:const|let|function|readonly)\s+(one|told|asked|said|way)\b|[({,]\s*(one|told|asked|said|way)\b\s*(?=[,:)=}])(?=[^'"`\n]*(?:=>|\{))/g

/** Every name against the rules, one line each. */
export function brokenNames(files: readonly SourceFile[]): string[] {
  const broken: string[] = []
  for (const { path, text } of files) {
    const name = basename(path)
    if (path.includes('/generated/') || path.startsWith('check/')) continue
    if (!FILE_NAME.test(name) && !COMPONENT_NAME.test(name))
      broken.push(`${path}: a file is named in camelCase after its main export, a component in PascalCase`)
    text.split('\n').forEach((line, index) => {
      const code = line.replace(/^\s*(\*|\/\/|\/\*).*$/, '')
      for (const [word] of code.matchAll(UNIT_IN_CAMEL_CASE)) {
        if (FOREIGN.has(word)) continue
        const unit = /(Ms|Kbps|Fps|Bps)$/.exec(word)![1]!
        broken.push(`${path}:${index + 1}: ${word} is ${word.slice(0, -unit.length)}_${unit.toLowerCase()}`)
      }
      for (const [, declared, bound] of code.matchAll(EMPTY_WORD))
        broken.push(`${path}:${index + 1}: \`${declared ?? bound}\` names nothing; use the noun of the thing`)
    })
  }
  return broken
}
