import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { PreviewBoard } from './panelData.ts'

/** One self-contained HTML page that draws the boards; `#name` chooses one. */
export async function previewPage(boards: readonly PreviewBoard[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('draw.tsx', import.meta.url))],
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
  })
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text
  // what stands between script tags must not end them
  const safe = (json: string) => json.replaceAll('<', '\\u003c')
  return `<!doctype html><html lang="en" data-theme="dark"><head><meta charset="utf-8"><title>Firstframe’s boards</title>
<style>${text('.css')}</style></head><body><div id="app"></div>
<script type="application/json" id="boards">${safe(JSON.stringify(boards))}</script>
<script>${text('.js').replaceAll('</script', '<\\/script')}</script></body></html>
`
}
