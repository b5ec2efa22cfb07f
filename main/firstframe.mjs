#!/usr/bin/env node
import { existsSync } from 'node:fs'

const beside = (path) => new URL(path, import.meta.url)
const [major, minor] = process.versions.node.split('.').map(Number)

/** A packed Firstframe is built JavaScript; a checkout runs its sources: Node 24 as they are, before that by tsx. */
async function load() {
  if (existsSync(beside('./cli.js'))) return import('./cli.js')
  if (!existsSync(beside('./cli.ts'))) return import('../dist/main/cli.js')
  if (major < 22 || (major === 22 && minor < 18)) {
    const { register } = await import('tsx/esm/api')
    register()
  }
  return import('./cli.ts')
}

if (major < 20 || (major === 20 && minor < 18)) {
  console.error(`firstframe: Node.js 20.18 or later is needed; this is ${process.versions.node}`)
  process.exit(2)
}
const { run } = await load()
await run(process.argv)
