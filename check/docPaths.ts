/** Every file that a page names exists: a page that names a moved file sends its reader nowhere. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { filesBelow, ROOT } from './sources.ts'

/** `like/this.ts`, in code marks. Patterns, addresses and files of the reader's own machine are not ours. */
const NAMED_PATH = /`((?:\.{0,2}\/)?[\w.-]+(?:\/[\w.-]+)+\/?)`/g

const TOP =
  /^(schemas|player|collector|log|processor|store|console|probe|ingest|media|dashboards|rehearsal|telemetry|k6|main|bench|test|check|deploy|docs)\//

/** Paths that a page names and that do not exist, one line each. */
export function brokenDocPaths(): string[] {
  const broken: string[] = []
  for (const file of filesBelow(ROOT.replace(/\/$/, ''), /\.md$/)) {
    const text = readFileSync(file, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const [, named] of text.matchAll(NAMED_PATH)) {
      if (!TOP.test(named!)) continue
      const found = [join(ROOT, named!), join(dirname(file), named!)].some((path) => existsSync(path))
      const asTest = [`${named}.test.ts`, `${named}.ts`].some((path) => existsSync(join(ROOT, path)))
      if (!found && !asTest) broken.push(`${relative(ROOT, file)}: ${named} does not exist`)
    }
  }
  return broken
}
