import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { cutName, timeOf, zoneOf } from './amount.ts'
import { usePlace } from './place.ts'
import { sendChange } from './sendChange.ts'
import { useMe } from './useMe.ts'
import { soundIsOn, soundWaits, switchSound } from './useSiren.ts'

interface TopProps {
  readonly trail?: readonly { readonly href: string; readonly text: string }[]
  readonly at_ms?: number | undefined
  /** How the picture below stands; undefined where it is about something that was. */
  readonly state?: 'live' | 'past' | 'lost' | 'opening' | 'waiting' | 'ended'
  /** What is being loaded, instead of the clock. */
  readonly loading?: string | undefined
  /** Open incidents: they stand in the tab's title. */
  readonly alarm?: number
  readonly children?: ComponentChildren
}

/** The line above every view: where one is, when it is, how it stands. */
export function Top({ trail = [], at_ms, state, loading, alarm = 0, children }: TopProps) {
  const { words, href } = usePlace()
  const name = [
    ...(alarm > 0 ? [`▲ ${words.incidents(alarm)}`] : []),
    ...trail.slice(-1).map(({ text }) => text),
  ]
  useEffect(() => {
    document.title = [...name, 'Firstframe'].join(' · ')
  }, [name.join()])
  return (
    <header class="top">
      <a class="skip" href="#main">
        {words.skip}
      </a>
      <nav aria-label="Firstframe">
        <a class="brand" href={href('/shows')}>
          Firstframe
        </a>
        {trail.map(({ href: at, text }, index) => (
          <a
            key={`${index}-${at}`}
            href={at}
            title={text}
            class={index < trail.length - 1 ? 'above' : 'here'}
          >
            {cutName(text)}
          </a>
        ))}
      </nav>
      {state !== undefined && <Clock {...{ at_ms, state, loading }} />}
      {children}
      <Tools />
    </header>
  )
}

function Clock({ at_ms, state, loading }: Pick<TopProps, 'at_ms' | 'state' | 'loading'>) {
  const { words, lang, with: to } = usePlace()
  const word = {
    past: words.past,
    live: words.live,
    lost: words.health.unknown,
    waiting: words.waiting,
    ended: words.ended_word,
    opening: loading ?? words.loading,
  }[state!]
  const step = at_ms !== undefined && state !== 'lost' && state !== 'opening'
  return (
    <p class={`clock ${state}`} title={at_ms === undefined ? undefined : zoneOf(at_ms)} role="status">
      {step && (
        <a href={to({ at: at_ms - 60_000 })} data-replace aria-label={words.earlier} title={words.earlier}>
          ‹
        </a>
      )}
      <span class="lamp" aria-hidden="true" />
      <span class="state">{word}</span>
      {at_ms !== undefined && (
        <time dateTime={new Date(at_ms).toISOString()}>
          {state === 'lost' || state === 'opening'
            ? words.as_of_short(timeOf(at_ms, lang, Date.now()))
            : timeOf(at_ms, lang, Date.now())}
        </time>
      )}
      {state === 'past' && step && (
        <>
          <a
            href={to({ at: at_ms + 60_000 > Date.now() - 3000 ? undefined : at_ms + 60_000 })}
            data-replace
            aria-label={words.later}
            title={words.later}
          >
            ›
          </a>
          <a href={to({ at: undefined, range: undefined })} data-replace>
            {words.back_to_live}
          </a>
        </>
      )}
    </p>
  )
}

function Tools() {
  const { words, lang, href, with: to, search } = usePlace()
  const [sound, hear] = useState(soundIsOn())
  const waits = sound && soundWaits()
  const other = lang === 'zh' ? 'en' : 'zh'
  const next = document.documentElement.dataset.theme === 'light' ? 'dark' : 'light'
  const me = useMe()
  return (
    <p class="tools">
      <button type="button" onClick={search} aria-label={words.search} title={`${words.search} (⌘K)`}>
        ⌕
      </button>
      <a href={href('/handover')} class="wide">
        {words.handover}
      </a>
      <button
        type="button"
        class="wide"
        aria-pressed={sound}
        aria-label={words.sound}
        title={waits ? words.sound_waits : words.sound}
        onClick={() => {
          switchSound(!sound)
          hear(!sound)
        }}
      >
        {waits ? '♪?' : sound ? '♪' : '♪̸'}
      </button>
      <a href={to({ lang: other })} data-replace hreflang={other} lang={other} class="wide">
        {lang === 'zh' ? 'English' : '中文'}
      </a>
      <a href={to({ theme: next })} data-replace aria-label={words.theme} title={words.theme} class="wide">
        ◐
      </a>
      {me?.how === 'session' && (
        <button
          type="button"
          class="wide"
          title={`${me.name} · ${me.role}`}
          onClick={() => void sendChange('POST', '/sign-out').then(() => location.assign('/sign-in'))}
        >
          {words.sign_out}
        </button>
      )}
    </p>
  )
}
