/** No circles of imports: of two files that need each other, one holds something that belongs elsewhere. */
import { dirname, relative, resolve } from 'node:path'
import { importsOf, ROOT, type SourceFile } from './sources.ts'

/**
 * Circles of imports, one line each: `a.ts → b.ts → a.ts`. Type imports count: a type that two files
 * give each other has no home either. A dynamic `import()` does not count.
 */
export function importCircles(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map(({ path }) => path))
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ target, dynamic }) => target.startsWith('.') && !dynamic)
        .map(({ target }) => relative(ROOT, resolve(ROOT, dirname(path), target)))
        .filter((target) => known.has(target)),
    ]),
  )
  const circles: string[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      circles.push([...trail.slice(at), path].join(' → '))
      return
    }
    if (finished.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    finished.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return circles
}
