import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { filesBelow, ROOT } from '../../check/sources.ts'

/** A fenced block of a page, as a reader copies it. */
export interface Block {
  /** The page's path from the root. */
  readonly page: string
  /** The line of its first fence. */
  readonly line: number
  /** What stands behind the fence; empty when nothing does. */
  readonly language: string
  readonly text: string
}

/** All fenced blocks of all our pages, in the order in which they stand. */
export function readBlocks(): Block[] {
  return [...filesBelow(ROOT.replace(/\/$/, ''), /\.md$/)].sort().flatMap((file) => {
    const page = relative(ROOT, file)
    const text = readFileSync(file, 'utf8')
    return [...text.matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm)].map(
      ({ 1: language, 2: body, index }) => ({
        page,
        line: text.slice(0, index).split('\n').length,
        language: language!,
        text: body!,
      }),
    )
  })
}

/** The commands of a shell block: comments and line ends that go on are taken away. */
export function commandsOf(text: string): string[] {
  const commands: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    open += open === '' ? line : `\n${line}`
    const quotes = open.match(/'/g)?.length ?? 0
    if (line.endsWith('\\') || quotes % 2 === 1) continue
    const command = open
      .replaceAll('\\\n', ' ')
      .replace(/(^|\s)#\s.*$/, '')
      .trim()
    if (command !== '') commands.push(command)
    open = ''
  }
  return commands
}
