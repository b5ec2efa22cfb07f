import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface SourceSection {
  readonly title: string
  /** Fenced blocks by what stands behind the fence: `yaml`, `nginx rtmp`, … */
  readonly blocks: ReadonlyMap<string, string>
}

/** The sections of docs/sources.md, as a reader copies them. */
export function readSourcePage(): readonly SourceSection[] {
  const text = readFileSync(new URL('../../docs/sources.md', import.meta.url), 'utf8')
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.slice(0, section.indexOf('\n')),
      blocks: new Map(
        [...section.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(([, kind, block]) => [kind!, block!]),
      ),
    }))
}

/** What all sections put into firstframe.yaml, after `change` has put this machine's ports in. */
export function configOf(
  sections: readonly SourceSection[],
  change: (text: string) => string,
): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  for (const { blocks } of sections) {
    const read = parse(change(blocks.get('yaml') ?? '{}')) as Record<string, unknown>
    for (const [key, value] of Object.entries(read))
      all[key] = Array.isArray(value) ? [...((all[key] as unknown[] | undefined) ?? []), ...value] : value
  }
  return all
}
