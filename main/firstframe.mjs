#!/usr/bin/env node
// Node 24 and later run TypeScript as it is; before that, tsx does.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  const { register } = await import('tsx/esm/api')
  register()
}
const { run } = await import('./cli.ts')
await run(process.argv)
