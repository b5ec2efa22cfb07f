/**
 * The npm package `@firstframe/player`: ES modules with types, safe to import on a server, one entry a framework or
 * container, so that a page loads only what it uses. `npm run build` writes it into `dist/packages/player`.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Entry → source, beside this file. */
export const ENTRIES = {
  index: 'bundles/firstframe.ts',
  dash: 'adapters/dash.ts',
  shaka: 'adapters/shaka.ts',
  mpegts: 'adapters/mpegts.ts',
  videojs: 'adapters/videojs.ts',
  webrtc: 'adapters/webrtc.ts',
  cohost: 'adapters/watchPeerConnection.ts',
  drm: 'adapters/watchDrm.ts',
  p2p: 'adapters/watchP2p.ts',
  room: 'adapters/watchRoom.ts',
  react: 'frameworks/react.ts',
  vue: 'frameworks/vue.ts',
  plain: 'plain/index.ts',
} as const

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Types of the entries, by the compiler, with endings that a package has. */
async function writeTypes(outdir: string): Promise<void> {
  const types = join(outdir, 'types')
  const compiler = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace(/package\.json$/, 'bin/tsc')
  await promisify(execFile)(process.execPath, [
    compiler,
    ...['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--allowImportingTsExtensions'],
    ...['--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--skipLibCheck'],
    ...['--strict', '--lib', 'es2023,dom,dom.iterable', '--outDir', types, '--rootDir', join(folder, '..')],
    ...Object.values(ENTRIES).map((entry) => join(folder, entry)),
  ])
  for (const name of await readdir(types, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const file = join(types, name)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replaceAll(/(['"])(\.{1,2}\/[^'"]+?)\.ts\1/g, '$1$2.js$1'))
  }
}

/** Builds the package. @param options.outdir is emptied first */
export async function buildPlayerPackage(options: {
  readonly outdir: string
  readonly version: string
}): Promise<void> {
  const { outdir, version } = options
  const { build } = await import('esbuild')
  await rm(outdir, { recursive: true, force: true })
  await mkdir(outdir, { recursive: true })
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, path]) => [name, join(folder, path)]),
    ),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2020',
    outdir,
    external: ['react', 'vue'],
    // Constants stand where they are used, and what no entry uses is left out.
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  await writeTypes(outdir)
  const exports = Object.entries(ENTRIES).map(([name, path]) => [
    name === 'index' ? '.' : `./${name}`,
    { types: `./types/player/${path.replace(/\.ts$/, '.d.ts')}`, default: `./${name}.js` },
  ])
  const manifest = {
    name: '@firstframe/player',
    version,
    description:
      'Reports what viewers of a live stream see: for the browser, React, Vue, mini-programs and React Native.',
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    exports: Object.fromEntries(exports),
    peerDependencies: { react: '>=18', vue: '>=3' },
    peerDependenciesMeta: { react: { optional: true }, vue: { optional: true } },
  }
  await writeFile(join(outdir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await writeFile(join(outdir, 'README.md'), await readFile(join(folder, 'PACKAGE.md')))
}
