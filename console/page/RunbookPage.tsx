import { LineBanner } from './LineBanner.tsx'
import { Markdown } from './Markdown.tsx'
import { usePlace } from './place.ts'
import { Top } from './Top.tsx'
import { useFetch } from './useLive.ts'

/** What to do about a rule's incidents. */
export function RunbookPage({ rule }: { readonly rule: string }) {
  const { words, href } = usePlace()
  const { data, missing } = useFetch<{ readonly markdown: string }>(
    `/api/runbooks/${encodeURIComponent(rule)}`,
  )
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    { href: href(`/runbooks/${rule}`), text: words.runbook },
  ]
  return (
    <>
      <Top trail={trail} />
      <main class="page" id="main" aria-busy={data === undefined}>
        {missing && <p class="banner past">{words.not_found}</p>}
        <LineBanner />
        {data !== undefined && (
          <section class="panel">
            <Markdown text={data.markdown} />
          </section>
        )}
      </main>
    </>
  )
}
