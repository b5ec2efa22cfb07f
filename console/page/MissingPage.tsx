import { usePlace } from './place.ts'
import { Top } from './Top.tsx'

/** A wrong address: says so, and where one can go. */
export function MissingPage() {
  const { words, href } = usePlace()
  return (
    <>
      <Top trail={[{ href: href('/shows'), text: words.all_shows }]} />
      <main class="page empty" id="main">
        <section class="panel">
          <h1>{words.page_missing}</h1>
          <p>
            <code>{location.pathname}</code>
          </p>
          <p>
            <a href={href('/shows')}>{words.all_shows}</a>
          </p>
        </section>
      </main>
    </>
  )
}
