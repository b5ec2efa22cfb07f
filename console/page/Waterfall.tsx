import { millisecondsOf, misses, objectiveOf, textOf } from './amount.ts'
import { usePlace } from './place.ts'

/** Where the first screen's time goes, phase after phase on one scale. */
export function Waterfall({
  phases,
  whole_ms,
  note,
  p95_ms,
}: {
  readonly phases: Readonly<Record<string, number>>
  readonly whole_ms: number | undefined
  readonly note: string
  /** 95th percentile of the whole. */
  readonly p95_ms?: number | undefined
}) {
  const { words, lang } = usePlace()
  const known = Object.keys(words.phases).filter((phase) => phases[phase] !== undefined)
  const sum = known.reduce((total, phase) => total + phases[phase]!, 0)
  const scale = Math.max(sum, whole_ms ?? 0, 1)
  let before = 0
  return (
    <section class="panel waterfall">
      <h2>
        {words.first_screen}{' '}
        <b class={`figure ${misses('video_startup_time', whole_ms) ? 'missed' : ''}`}>
          {whole_ms === undefined ? '–' : textOf('video_startup_time', whole_ms, lang)}
        </b>
        <span class="muted">
          {[
            words.objective(objectiveOf('video_startup_time', lang) ?? ''),
            p95_ms === undefined ? '' : words.p95(textOf('video_startup_time', p95_ms, lang)),
            note,
          ]
            .filter((part) => part !== '')
            .join(' · ')}
        </span>
      </h2>
      <dl>
        {known.map((phase) => {
          const from = before
          before += phases[phase]!
          return (
            <div key={phase} class={phases[phase]! > scale * 0.4 ? 'long' : ''}>
              <dt>{words.phases[phase]}</dt>
              <dd>
                <span class="track" aria-hidden="true">
                  <span
                    class="bar"
                    style={{
                      marginLeft: `${(from / scale) * 100}%`,
                      width: `${Math.max(0.5, (phases[phase]! / scale) * 100)}%`,
                    }}
                  />
                </span>
                <span class="value">{millisecondsOf(phases[phase]!, lang)}</span>
              </dd>
            </div>
          )
        })}
      </dl>
      {known.length === 0 && <p class="muted">{words.no_data}</p>}
    </section>
  )
}
