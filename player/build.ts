import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { BuildOptions } from 'esbuild'
import { adapterDeclarations, declarations, watcherDeclarations } from './declarations.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const COMMON = {
  bundle: true,
  minify: true,
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions

/** Adapters beside hls.js: each is a script tag of its own and an ES module. */
export const ADAPTERS = ['dash', 'shaka', 'mpegts', 'videojs', 'webrtc'] as const

/** What watches something beside the picture, by bundle: a script tag that adds a function to `window.Firstframe`, and a module. */
export const WATCHERS = {
  cohost: 'watchPeerConnection',
  drm: 'watchDrm',
  p2p: 'watchP2p',
  room: 'watchRoom',
} as const

/** The SDK as a packed Firstframe has it; undefined when it runs from its sources. */
export async function builtPlayer(): Promise<readonly BuiltFile[] | undefined> {
  const folder = path('built')
  if (!existsSync(folder)) return undefined
  return (await readdir(folder)).map((name) => ({ name: `/${name}`, file: join(folder, name) }))
}

/** What a bundle may weigh, bytes after gzip. */
export const SIZE_LIMITS = { core: 10_240, adapter: 2_048 } as const

export interface BuiltFile {
  /** As it is served: `/firstframe.js`. */
  readonly name: string
  readonly file: string
}

/** Registers an adapter with the script tag's `window.Firstframe`. */
const registers = (name: string) =>
  `import { ${name} } from './adapters/${name}.ts'\nwindow.Firstframe.adapters.push(${name})`

/**
 * Builds into `outdir`: `firstframe.js` (a script tag, `window.Firstframe`, native and hls.js), `firstframe.mjs`,
 * for each further adapter and watcher `firstframe-<name>.js` and `.mjs`, and the types of the
 * modules beside them (`.d.mts`). Throws when esbuild finds an error.
 */
export async function buildPlayer(options: { readonly outdir: string }): Promise<readonly BuiltFile[]> {
  const { outdir } = options
  const { build } = await import('esbuild')
  await mkdir(outdir, { recursive: true })
  const built: BuiltFile[] = []
  const bundle = async (name: string, more: BuildOptions) => {
    const file = join(outdir, name)
    await build({ ...COMMON, ...more, outfile: file })
    built.push({ name: `/${name}`, file })
  }
  const entryPoints = [path('bundles/firstframe.ts')]
  await bundle('firstframe.js', { entryPoints, format: 'iife', globalName: 'Firstframe' })
  await bundle('firstframe.mjs', { entryPoints, format: 'esm' })
  for (const name of ADAPTERS) {
    const stdin = { contents: registers(name), resolveDir: path('.'), loader: 'ts' } as const
    await bundle(`firstframe-${name}.js`, { stdin, format: 'iife' })
    await bundle(`firstframe-${name}.mjs`, { entryPoints: [path(`adapters/${name}.ts`)], format: 'esm' })
  }
  for (const [name, watcher] of Object.entries(WATCHERS)) {
    const file = `adapters/${watcher}.ts`
    const contents = `import { ${watcher} } from './${file}'\nwindow.Firstframe.${watcher} = ${watcher}`
    const stdin = { contents, resolveDir: path('.'), loader: 'ts' } as const
    await bundle(`firstframe-${name}.js`, { stdin, format: 'iife' })
    await bundle(`firstframe-${name}.mjs`, { entryPoints: [path(file)], format: 'esm' })
  }
  const types = async (name: string, text: string) => {
    const file = join(outdir, name)
    await writeFile(file, text)
    built.push({ name: `/${name}`, file })
  }
  await types('firstframe.d.mts', declarations())
  for (const name of ADAPTERS) await types(`firstframe-${name}.d.mts`, adapterDeclarations(name))
  for (const [name, watcher] of Object.entries(WATCHERS))
    await types(`firstframe-${name}.d.mts`, watcherDeclarations(watcher))
  return built
}

export interface Weighed {
  readonly name: string
  readonly bytes: number
  readonly limit: number
}

/** Weighs core with native, and each adapter, after gzip. The caller fails where `bytes > limit`. */
export async function checkSizes(): Promise<readonly Weighed[]> {
  const { build } = await import('esbuild')
  const weigh = async (name: string, file: string, limit: number): Promise<Weighed> => {
    const result = await build({ ...COMMON, entryPoints: [path(file)], format: 'esm', write: false })
    return { name, bytes: gzipSync(result.outputFiles[0]!.contents, { level: 9 }).length, limit }
  }
  const adapters = ['hls', ...ADAPTERS, ...Object.values(WATCHERS)].map((name) =>
    weigh(name, `adapters/${name}.ts`, SIZE_LIMITS.adapter),
  )
  return Promise.all([weigh('core + native', 'bundles/core.ts', SIZE_LIMITS.core), ...adapters])
}
