import { AXIS_MS } from '../windows.ts'
import { lengthOf } from './amount.ts'
import { usePlace } from './place.ts'

const HOUR_MS = 3_600_000

/** How much time the axis shows: a quarter of an hour, an hour, the show; zoomed by dragging; and the last show beside it. */
export function Ranges() {
  const { words, lang, query, with: to } = usePlace()
  const range = query.get('range')
  const compare = query.has('compare')
  const choices = [
    { key: undefined, text: words.quarter },
    { key: String(HOUR_MS), text: words.hour },
    { key: 'show', text: words.range_show },
  ] as const
  const custom = range !== null && !choices.some(({ key }) => key === range)
  return (
    <nav class="ranges" aria-label={words.range}>
      {choices.map(({ key, text }) => (
        <a
          key={text}
          href={to({ range: key })}
          data-replace
          aria-current={(range ?? undefined) === key ? 'true' : undefined}
        >
          {text}
        </a>
      ))}
      {custom && (
        <a href={to({ range: undefined })} data-replace aria-current="true">
          {words.range_custom} {lengthOf(Number(range) || AXIS_MS, lang)} ✕
        </a>
      )}
      <a
        href={to({ compare: compare ? undefined : '' })}
        data-replace
        aria-current={compare ? 'true' : undefined}
      >
        {words.compare}
      </a>
    </nav>
  )
}
