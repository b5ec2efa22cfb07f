/**
 * `npm run build`: prebuilt JavaScript in `dist/`, for the packed tarball and the image. It mirrors the folders of the
 * sources, so that a file finds its neighbours in both; the page and the SDK stand built in it. Nothing of tests, benches
 * or checks goes in, and neither tsx nor esbuild is needed to run it.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { filesBelow, isTestFile, ROOT } from '../check/sources.ts'
import { buildPage, savePage } from '../console/build.ts'
import { buildPlayer } from '../player/build.ts'
import { buildPlayerPackage } from '../player/package.ts'

/** Folders whose code runs. */
const FOLDERS = [
  'schemas',
  'media',
  'player',
  'ingest',
  'collector',
  'log',
  'processor',
  'store',
  'console',
  'probe',
  'rehearsal',
  'telemetry',
  'k6',
  'main',
] as const

/** Files beside the code that it reads while it runs. */
const DATA = ['docs/runbooks', 'docs/data/queries', 'rehearsal/scenarios', 'rehearsal/shows'] as const

/** Specifiers and URLs of our own files end in `.js` in the built tree. */
const withBuiltEndings = (code: string): string =>
  code.replaceAll(/(['"])(\.{1,2}\/[^'"\n]+?)\.tsx?\1/g, '$1$2.js$1')

/** Builds the tree. @param outdir is emptied first */
export async function buildDist(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true })
  const sources = FOLDERS.flatMap((folder) => [
    ...filesBelow(join(ROOT, folder), /\.(tsx?|mjs|css|json|html)$/),
  ])
  for (const source of sources) {
    const path = relative(ROOT, source)
    if (
      isTestFile(path) ||
      path.startsWith('console/page/') ||
      path.startsWith('player/examples/') ||
      path.startsWith('player/frameworks/')
    )
      continue
    const target = join(outdir, path.replace(/\.tsx?$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    const text = readFileSync(source, 'utf8')
    if (!/\.tsx?$/.test(path)) {
      writeFileSync(target, text)
      continue
    }
    const { code } = await transform(text, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcefile: path,
    })
    writeFileSync(target, withBuiltEndings(code))
  }
  for (const path of DATA) cpSync(join(ROOT, path), join(outdir, path), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(outdir, 'package.json'))
  await buildPlayer({ outdir: join(outdir, 'player/built') })
  savePage(await buildPage(), join(outdir, 'console/built'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outdir = join(ROOT, 'dist')
  await buildDist(outdir)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  await buildPlayerPackage({ outdir: join(outdir, 'packages/player'), version })
  console.log(`Built ${relative(process.cwd(), outdir) || outdir}.`)
}
