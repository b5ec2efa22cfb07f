import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { timeOf, zoneOf } from './amount.ts'
import { usePlace } from './place.ts'

interface TopProps {
  readonly trail?: readonly { readonly href: string; readonly text: string }[]
  readonly at_ms?: number | undefined
  /** How the picture below stands; undefined where it is about something that was. */
  readonly state?: 'live' | 'past' | 'lost' | 'opening' | 'waiting'
  /** Open incidents: they stand in the tab's title. */
  readonly alarm?: number
  readonly children?: ComponentChildren
}

/** The line above every view: where one is, when it is, how it stands. */
export function Top({ trail = [], at_ms, state, alarm = 0, children }: TopProps) {
  const { words, lang, href, with: to } = usePlace()
  const theme = document.documentElement.dataset.theme
  const name = [
    ...(alarm > 0 ? [`▲ ${words.incidents(alarm)}`] : []),
    ...trail.slice(-1).map(({ text }) => text),
  ]
  useEffect(() => {
    document.title = [...name, 'Firstframe'].join(' · ')
  }, [name.join()])
  const next = theme === 'light' ? 'dark' : 'light'
  return (
    <header class="top">
      <a class="skip" href="#main">
        {words.skip}
      </a>
      <nav aria-label="Firstframe">
        <a class="brand" href={href('/shows')}>
          Firstframe
        </a>
        {trail.map(({ href: at, text }) => (
          <a key={at} href={at}>
            {text}
          </a>
        ))}
      </nav>
      {state !== undefined && (
        <p class={`clock ${state}`} title={at_ms === undefined ? undefined : zoneOf(at_ms)}>
          {at_ms !== undefined && state !== 'lost' && (
            <a href={to({ at: at_ms - 60_000 })} aria-label={words.earlier} title={words.earlier}>
              ‹
            </a>
          )}
          <span class="lamp" aria-hidden="true" />
          {state === 'past'
            ? words.past
            : state === 'live'
              ? words.live
              : state === 'lost'
                ? words.health.unknown
                : state === 'waiting'
                  ? words.waiting
                  : words.loading}
          {at_ms !== undefined && (
            <time dateTime={new Date(at_ms).toISOString()}>{timeOf(at_ms, lang, Date.now())}</time>
          )}
          {state === 'past' && at_ms !== undefined && (
            <a
              href={to({ at: at_ms + 60_000 > Date.now() - 3000 ? undefined : at_ms + 60_000 })}
              aria-label={words.later}
              title={words.later}
            >
              ›
            </a>
          )}
          {state === 'past' && at_ms !== undefined && (
            <a href={to({ at: undefined })}>{words.back_to_live}</a>
          )}
        </p>
      )}
      {children}
      <p class="tools">
        <a
          href={to({ lang: lang === 'zh' ? 'en' : 'zh' })}
          hreflang={lang === 'zh' ? 'en' : 'zh'}
          lang={lang === 'zh' ? 'en' : 'zh'}
        >
          {lang === 'zh' ? 'English' : '中文'}
        </a>
        <a href={to({ theme: next })} aria-label={words.theme}>
          ◐
        </a>
      </p>
    </header>
  )
}
