/** The project's own source files, read once for every rule of the check. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const SKIPPED = new Set(['node_modules', 'data', 'dist'])

/** Every file below a folder whose name ends as given, without what is installed, built or hidden. */
export function* filesBelow(folder: string, ending: RegExp): Generator<string> {
  for (const name of readdirSync(folder)) {
    if ((SKIPPED.has(name) && !folder.endsWith('docs')) || name.startsWith('.')) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* filesBelow(path, ending)
    else if (ending.test(name)) yield path
  }
}

export interface SourceFile {
  /** From the checkout's folder, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** TypeScript and module files of the project. */
export function sourceFiles(root = ROOT): SourceFile[] {
  return [...filesBelow(root, /\.(tsx?|mjs)$/)].map((file) => ({
    path: relative(root, file),
    text: readFileSync(file, 'utf8'),
  }))
}

const IMPORT =
  /(?:^|\s)(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

export interface ImportOf {
  /** What is imported, as written. */
  readonly target: string
  readonly type_only: boolean
  /** Written as `import('…')`, evaluated when it is called. */
  readonly dynamic: boolean
}

/** The imports and re-exports of a source text. */
export function importsOf(text: string): ImportOf[] {
  return [...text.matchAll(IMPORT)].map(([, typeOnly, fromText, dynamicText]) => ({
    target: (fromText ?? dynamicText)!,
    type_only: typeOnly !== undefined,
    dynamic: dynamicText !== undefined,
  }))
}

/** Tests, their support and tools: they may import anything. */
export const isTestFile = (path: string): boolean =>
  /^(test|bench|check)\/|\.test\.tsx?$|\/testing\/|\/testing\.ts$|\.child\.ts$|contract\w*\.ts$/.test(path)
