import { useState } from 'preact/hooks'
import { LineBanner } from './LineBanner.tsx'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'
import { Top } from './Top.tsx'
import { isCut, useLine } from './useLine.ts'
import { useFetch } from './useLive.ts'

interface About {
  readonly beacons_port: number
  readonly tenants: readonly string[]
}

/** Nothing has been said yet: what to paste, with this machine's own address in it. */
export function EmptyPage({ show }: { readonly show?: string }) {
  const line = useLine()
  const { words, href } = usePlace()
  const named = show ?? 'my-show'
  const { data, failed } = useFetch<About>('/api/about')
  // What is there to be copied must be right, so it waits for the address; without an answer it is the usual one.
  const known = data !== undefined || failed
  const url = `http://${location.hostname}:${data?.beacons_port ?? 8080}`
  const key = data?.tenants[0] === undefined || data.tenants[0] === 'demo' ? 'demo' : '…'
  const tag = `<script src="${url}/firstframe.js"></script>
<script>
  Firstframe.monitor(document.querySelector('video'), {
    url: '${url}', key: '${key}', show: '${named}', stream: 'main', player: hls
  })
</script>`
  const curl = `curl '${url}/v1/beacons?key=${key}' -H 'content-type: application/json' -d '{
  "context": { "show": "${named}", "stream": "main", "session": "try-1", "cdn": "cdn-a" },
  "events": [{ "kind": "heartbeat", "seq": 1, "interval_ms": 10000, "played_ms": 9800, "stalled_ms": 200 }]
}'`
  return (
    <>
      <Top
        state={isCut(line) ? 'lost' : 'waiting'}
        trail={
          show === undefined
            ? []
            : [
                { href: href('/shows'), text: words.all_shows },
                { href: '', text: show },
              ]
        }
      />
      <main class="page empty" id="main">
        <LineBanner />
        <section class="panel">
          <p class="waiting" role="status">
            <span class="ripple">
              <Shape health="absent" size={48} />
            </span>
          </p>
          <h1>{show === undefined ? words.empty_title : words.empty_show(show)}</h1>
          <p>{words.empty_text}</p>
          {known && <Code text={tag} />}
          <p>{words.empty_curl}</p>
          {known && <Code text={curl} />}
        </section>
      </main>
    </>
  )
}

function Code({ text }: { readonly text: string }) {
  const { words } = usePlace()
  const [copied, done] = useState(false)
  const copy = () => void navigator.clipboard?.writeText(text).then(() => done(true))
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <button type="button" onClick={copy}>
        {copied ? words.copied : words.copy}
      </button>
    </div>
  )
}
