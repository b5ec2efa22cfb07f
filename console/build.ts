import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What the whole page may weigh, bytes after gzip. */
export const PAGE_LIMIT = 100 * 1024

export interface PageFile {
  /** As it is served: `/app.3f2a….js`. */
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly gzipped: Buffer
}

export interface BuiltPage {
  readonly html: PageFile
  readonly files: readonly PageFile[]
  /** All of it, bytes after gzip. */
  readonly bytes: number
}

const fileOf = (at: string, type: string, body: Buffer): PageFile => ({
  path: at,
  type,
  body,
  gzipped: gzipSync(body, { level: 9 }),
})

const TYPES = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
} as const

const pageOf = (html: PageFile, files: readonly PageFile[]): BuiltPage => ({
  html,
  files,
  bytes: [html, ...files].reduce((sum, file) => sum + file.gzipped.length, 0),
})

/** Keeps a built page in a folder, for `buildPage` of a packed Firstframe. */
export function savePage({ html, files }: BuiltPage, folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.html'), html.body)
  for (const { path: name, body } of files) writeFileSync(join(folder, name.slice(1)), body)
}

function readPage(folder: string): BuiltPage {
  const read = (name: string, served: string): PageFile => {
    const ending = /\.\w+$/.exec(name)![0] as keyof typeof TYPES
    return fileOf(served, TYPES[ending], readFileSync(join(folder, name)))
  }
  const names = readdirSync(folder).filter((name) => name !== 'index.html')
  return pageOf(
    read('index.html', '/'),
    names.map((name) => read(name, `/${name}`)),
  )
}

/**
 * The page: one script, one style sheet, one document. A packed Firstframe has it built; from the sources it is built at the
 * start of the console in a few hundred milliseconds. Throws when esbuild finds an error.
 */
export async function buildPage(): Promise<BuiltPage> {
  const built = path('built')
  if (existsSync(built)) return readPage(built)
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: [path('page/main.tsx')],
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const named = (ending: '.js' | '.css'): PageFile => {
    const body = Buffer.from(result.outputFiles.find((file) => file.path.endsWith(ending))!.contents)
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
    return fileOf(`/app.${hash}${ending}`, TYPES[ending], body)
  }
  const script = named('.js')
  const style = named('.css')
  return pageOf(fileOf('/', TYPES['.html'], Buffer.from(document(script.path, style.path))), [script, style])
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#0d1b2a"/><path d="M2 8h3l1.5-4 3 8L11 8h3" fill="none" stroke="#3ea6ff" stroke-width="1.6" stroke-linejoin="round"/></svg>',
)}`

/** The document; its body is what is seen until the script has drawn: the frame of the page, empty. */
const document = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Firstframe</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body><div id="app"><header class="top"><span class="brand">Firstframe</span></header><main class="page"><div class="panel skeleton tall"></div></main></div></body>
</html>
`
