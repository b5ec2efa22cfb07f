import type { Hop } from '../../schemas/kinds/kinds.ts'
import type { Metric } from '../../schemas/metrics.ts'
import type { Snapshot } from '../api.ts'
import { amountOf, misses, objectiveOf, textOf, titleOf, whole } from './amount.ts'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'

/** A source that reports a little late is not without a value: its newest step counts for half a minute, as in its chart. */
const LATE_MS = 30_000

function lately({ series, at_ms, step_ms }: Snapshot, metric: Metric): number | undefined {
  const newest = Object.entries(series[metric] ?? {}).reduce<readonly [number, number] | undefined>(
    (found, [at, value]) => (found !== undefined && found[0] >= Number(at) ? found : [Number(at), value]),
    undefined,
  )
  return newest !== undefined && at_ms - newest[0] * 1000 - step_ms <= LATE_MS ? newest[1] : undefined
}

/** The link: hops in the order of the data, the sick one unmissable, the healthy ones quiet. */
export function LinkPicture({ snapshot, lost }: { readonly snapshot: Snapshot; readonly lost: boolean }) {
  const { words, lang } = usePlace()
  const hops = Object.entries(snapshot.hops) as [Hop, Snapshot['hops'][Hop]][]
  return (
    <section class="panel link" aria-label={words.the_link}>
      <ol>
        {hops.map(([hop, view], index) => {
          const health = lost ? 'unknown' : view.health
          const value = view.value ?? snapshot.values[view.headline] ?? lately(snapshot, view.headline)
          const interval = view.value === undefined ? snapshot.intervals[view.headline] : undefined
          const shown = value === undefined ? undefined : amountOf(view.headline, value)
          const objective = objectiveOf(view.headline)
          const next = hops[index + 1]?.[1].health
          return (
            <li key={hop} class={`hop ${health}`}>
              <a href={`#${hop}`}>
                <span class="name">{words.hops[hop]}</span>
                <span class={`wire ${next === 'sick' || next === 'silent' ? 'torn' : ''}`} aria-hidden="true">
                  <span class="node">
                    <Shape health={health} size={health === 'sick' ? 48 : 32} />
                  </span>
                </span>
                <span class="word">
                  {words.health[health]}
                  {view.cause !== undefined && !lost && <b>{view.cause}</b>}
                </span>
                <span
                  class={`figure ${health !== 'well' && misses(view.headline, value) && !lost ? 'missed' : ''}`}
                >
                  {shown === undefined || lost ? '–' : shown.number}
                  {shown !== undefined && !lost && <small> {shown.unit}</small>}
                </span>
                <span class="about">
                  {titleOf(view.headline, lang)}
                  {objective !== undefined && (
                    <span class="objective">
                      <span aria-hidden="true">{objective}</span>
                      <span class="hidden">{words.objective(objective)}</span>
                    </span>
                  )}
                  {interval !== undefined && interval.high - interval.low > 0.01 && !lost && (
                    <span class="interval">
                      {amountOf(view.headline, interval.low).number} – {textOf(view.headline, interval.high)}{' '}
                      ({words.of_n(whole(interval.n))})
                    </span>
                  )}
                </span>
              </a>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
