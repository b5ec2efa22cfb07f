/** Which folder may import which: the design's rules, held over every import of the sources. */
import { dirname, relative, resolve } from 'node:path'
import { importsOf, isTestFile, ROOT, type SourceFile } from './sources.ts'

/** A folder's product code may import these folders of ours, beside itself. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  player: ['schemas'],
  collector: ['schemas', 'log'],
  log: ['schemas'],
  processor: ['schemas', 'log', 'store'],
  store: ['schemas'],
  console: ['schemas', 'store', 'log'],
  media: ['schemas'],
  probe: ['schemas', 'media'],
  ingest: ['schemas', 'media'],
  dashboards: ['schemas'],
  rehearsal: ['schemas'],
  telemetry: ['schemas'],
  k6: [],
  main: [
    'schemas',
    'player',
    'collector',
    'log',
    'processor',
    'store',
    'console',
    'probe',
    'ingest',
    'dashboards',
    'rehearsal',
    'telemetry',
  ],
}

/** Packages that stand in one file, so that they can be replaced there. */
export const ONE_FILE = ['kafkajs', '@clickhouse/client', 'chdb', 'lmdb', 'pino', 'prom-client']

/** Every broken rule, one line each; empty when the rules hold. */
export function brokenImports(files: readonly SourceFile[]): string[] {
  const broken: string[] = []
  const users = new Map<string, Set<string>>()
  for (const { path, text } of files) {
    const folder = path.split('/')[0]!
    // What builds the package reads everything; nobody imports it.
    const test = isTestFile(path) || folder === 'deploy'
    for (const { target, type_only } of importsOf(text)) {
      if (!target.startsWith('.')) {
        const name = ONE_FILE.find((each) => target === each || target.startsWith(`${each}/`))
        if (name && !test && !type_only) users.set(name, (users.get(name) ?? new Set()).add(path))
        continue
      }
      if (!/\.(tsx?|mts|mjs|js|json|css|html)$/.test(target)) broken.push(`${path}: ${target} has no ending`)
      const imported = relative(ROOT, resolve(ROOT, dirname(path), target))
      const to = imported.split('/')[0]!
      // The built package holds no test support, so nothing that runs may import it.
      if (!test && path.includes('/') && isTestFile(imported))
        broken.push(`${path}: test support is not in the package (${target})`)
      if (test || to === folder || to === 'dist' || !path.includes('/')) continue
      if (!(MAY_IMPORT[folder] ?? []).includes(to))
        broken.push(`${path}: ${folder} may not import ${to} (${target})`)
    }
  }
  for (const [name, paths] of users) {
    if (paths.size > 1)
      broken.push(`${name} is imported by ${paths.size} files; only one may: ${[...paths].join(', ')}`)
  }
  return broken
}
