/** Which folder may import which: the design's rules, held over every import of the sources. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A folder's product code may import these folders of ours, beside itself. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  player: ['schemas'],
  collector: ['schemas', 'log'],
  log: ['schemas'],
  processor: ['schemas', 'log', 'store'],
  store: ['schemas'],
  console: ['schemas', 'store', 'log'],
  probe: ['schemas'],
  ingest: ['schemas'],
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

/** Folders of tests and tools: they may import anything, and nobody imports them. */
const FREE = ['test', 'bench']

const IMPORT =
  /(?:^|\s)(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (name === 'node_modules' || name.startsWith('.') || name === 'data' || name === 'dist') continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* sources(path)
    else if (/\.tsx?$/.test(name) || name.endsWith('.mjs')) yield path
  }
}

const isTest = (path: string): boolean =>
  /\.test\.tsx?$|\/testing\/|\/testing\.ts$|\.child\.ts$|contract\.ts$/.test(path)

/** Every broken rule, one line each; empty when the rules hold. */
export function brokenImports(root = ROOT): string[] {
  const broken: string[] = []
  const users = new Map<string, Set<string>>()
  for (const file of sources(root)) {
    const path = relative(root, file)
    const folder = path.split('/')[0]!
    const test = isTest(`/${path}`) || FREE.includes(folder)
    for (const [, typeOnly, fromText, dynamicText] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const target = (fromText ?? dynamicText)!
      if (!target.startsWith('.')) {
        const name = ONE_FILE.find((each) => target === each || target.startsWith(`${each}/`))
        if (name && !test && !typeOnly) users.set(name, (users.get(name) ?? new Set()).add(path))
        continue
      }
      if (!/\.(tsx?|mts|mjs|json|css|html)$/.test(target)) broken.push(`${path}: ${target} has no ending`)
      const to = relative(root, resolve(dirname(file), target)).split('/')[0]!
      if (test || to === folder || !path.includes('/')) continue
      if (!(MAY_IMPORT[folder] ?? []).includes(to))
        broken.push(`${path}: ${folder} may not import ${to} (${target})`)
    }
  }
  for (const [name, files] of users) {
    if (files.size > 1)
      broken.push(`${name} stands in ${files.size} files, and may in one: ${[...files].join(', ')}`)
  }
  return broken
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broken = brokenImports()
  for (const line of broken) console.error(line)
  if (broken.length > 0) process.exit(1)
  console.log('Import rules hold.')
}
