import { boards } from './boards.ts'
import { provisioning } from './provisioning.ts'

/** Every generated file of this folder, by its path from the top, and its text. */
export function generatedDashboards(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const [name, dashboard] of boards())
    files.set(`dashboards/generated/${name}.json`, `${JSON.stringify(dashboard, null, 2)}\n`)
  for (const [path, text] of provisioning()) files.set(`dashboards/provisioning/${path}`, text)
  return files
}
