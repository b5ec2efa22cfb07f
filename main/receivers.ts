import { readFileSync } from 'node:fs'
import { Value } from '@sinclair/typebox/value'
import { CATALOGUE_RULES, type RuleSet } from '../processor/watch/detect/activeRules.ts'
import { loadRules } from '../processor/watch/detect/loadRules.ts'
import { ReceiverConfig } from '../processor/watch/notify/receiverConfig.ts'
import { expectedError } from './expectedError.ts'

/** The configuration's `receivers`. Throws an error that names the entry and the field. */
export function readReceivers(entries: readonly unknown[]): ReceiverConfig[] {
  return entries.map((entry, index) => {
    if (Value.Check(ReceiverConfig, entry)) return entry
    const type = (entry as { type?: unknown } | null)?.type
    const variant = ReceiverConfig.anyOf.find((one) => one.properties.type.const === type)
    if (variant === undefined) {
      const types = ReceiverConfig.anyOf.map((one) => one.properties.type.const).join(', ')
      throw expectedError(`receivers[${index}].type is ${JSON.stringify(type)}; it is one of ${types}.`)
    }
    const first = [...Value.Errors(variant, entry)][0]
    throw expectedError(
      `receivers[${index}]${(first?.path ?? '').replaceAll('/', '.')}: ${first?.message ?? 'is wrong'}.`,
    )
  })
}

/** The catalogue's rules, with the operator's file of changes over them. Throws an error with the file's lines. */
export function readRules(path: string): RuleSet {
  if (path === '') return CATALOGUE_RULES
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw expectedError(`${path}: cannot be read: ${(error as Error).message}`)
  }
  const loaded = loadRules(text)
  if ('rules' in loaded) return loaded.rules
  throw expectedError(
    `the rules are not right:\n${loaded.errors.map(({ line, column, message }) => `  ${path}:${line}:${column}: ${message}`).join('\n')}`,
  )
}
