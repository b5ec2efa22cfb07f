import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { filesBelow, ROOT } from './sources.ts'

const slug = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

test('every link between our pages leads somewhere', () => {
  const broken: string[] = []
  for (const file of filesBelow(ROOT.replace(/\/$/, ''), /\.md$/)) {
    const text = readFileSync(file, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(target!)) continue
      const [path, anchor] = target!.split('#')
      const to = path === '' ? file : resolve(dirname(file), path!)
      if (!existsSync(to)) broken.push(`${relative(ROOT, file)}: ${target}`)
      else if (anchor !== undefined && to.endsWith('.md')) {
        const headings = [...readFileSync(to, 'utf8').matchAll(/^#+\s+(.*)$/gm)].map(([, heading]) =>
          slug(heading!.replaceAll('`', '')),
        )
        if (!headings.includes(anchor)) broken.push(`${relative(ROOT, file)}: ${target} (no such heading)`)
      }
    }
  }
  assert.deepEqual(broken, [])
})
