import { readdirSync, readFileSync } from 'node:fs'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
import type { Scenario } from '../../rehearsal/scenarioSchema.ts'

const FOLDER = new URL('../../rehearsal/scenarios/', import.meta.url)

/** Names of the scenarios of the repository. */
export const scenarioNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5))
    .sort()

/** A scenario of the repository; throws when its file is wrong. */
export function scenarioOf(name: string): Scenario {
  const parsed = parseScenario(readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8'))
  if ('errors' in parsed) throw new Error(`${name}.yaml: ${JSON.stringify(parsed.errors)}`)
  return parsed.scenario
}
