import { lengthOf, timeOf } from './amount.ts'
import { usePlace } from './place.ts'
import { useLine } from './useLine.ts'

/** Says that the console, or its store behind it, does not answer; what is below stays readable with its time. */
export function LineBanner({
  as_of_ms,
  stuck = false,
}: {
  readonly as_of_ms?: number
  readonly stuck?: boolean
}) {
  const { words, lang } = usePlace()
  const { state, since_ms } = useLine()
  const length = lengthOf(since_ms, lang)
  const text =
    state === 'lost'
      ? words.lost(length)
      : state === 'store_away'
        ? words.store_away(length)
        : state === 'signed_out'
          ? words.signed_out
          : stuck
            ? words.stuck
            : undefined
  if (text === undefined) return null
  return (
    <p class="banner lost" role="alert">
      {text}
      {as_of_ms !== undefined && <b class="as-of"> {words.as_of(timeOf(as_of_ms, lang, Date.now()))}</b>}
      {state === 'signed_out' && (
        <>
          {' '}
          <a href={`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`} data-native>
            {words.sign_in}
          </a>
        </>
      )}
    </p>
  )
}
