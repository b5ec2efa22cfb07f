import { metricOf } from '../../schemas/metrics.ts'
import { placeName } from '../../schemas/words.ts'
import type { Snapshot } from '../api.ts'
import { objectiveOf, textOf, whole } from './amount.ts'
import { usePlace } from './place.ts'
import { FEW } from './Tables.tsx'

const OBJECTIVE = metricOf('rebuffering_ratio').objective ?? 0.01
/** Steps of the scale: how bad a stall ratio is, in multiples of the objective. */
const STEPS = [0.5, 1, 3, 8]
/** A cell with this part of the audience, or more, counts in full; smaller ones are a step paler. */
const LARGE = 0.02

/** The step of a cell, by harm: how bad it is and how many it strikes. Of fewer than ten viewers nothing is told. */
export function stepOf(
  cell: { readonly value: number; readonly watching: number },
  total: number,
): number | 'few' {
  if (cell.watching < FEW) return 'few'
  const step = STEPS.filter((times) => cell.value > OBJECTIVE * times).length
  return step > 1 && cell.watching < total * LARGE ? step - 1 : step
}

/** Stall ratio by operator and CDN; number and step in each cell, a mark where it is bad. */
export function HeatMap({ heat }: { readonly heat: Snapshot['heat'] }) {
  const { words, lang, with: to } = usePlace()
  const sum = (cells: readonly { watching: number }[]) =>
    cells.reduce((total, { watching }) => total + watching, 0)
  const operators = Object.keys(heat)
    .sort((a, b) => sum(Object.values(heat[b]!)) - sum(Object.values(heat[a]!)))
    .slice(0, 12)
  const total = Object.values(heat).reduce((all, cells) => all + sum(Object.values(cells)), 0)
  const cdns = [...new Set(operators.flatMap((isp) => Object.keys(heat[isp]!)))].sort().slice(0, 8)
  return (
    <section class="panel heat">
      <h2>
        {words.heat}{' '}
        <span class="muted">
          {words.last_minute} · {words.objective(objectiveOf('rebuffering_ratio', lang) ?? '')}
        </span>
      </h2>
      {operators.length === 0 ? (
        <p class="muted">{words.no_data}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <div class="scroll" tabIndex={0}>
          <table class="map">
            <thead>
              <tr>
                <th scope="col" class="word">
                  {words.operator}
                </th>
                {cdns.map((cdn) => (
                  <th scope="col" key={cdn}>
                    {cdn || '–'}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {operators.map((isp) => (
                <tr key={isp}>
                  <th scope="row">{placeName(isp, lang) || '–'}</th>
                  {cdns.map((cdn) => {
                    const cell = heat[isp]![cdn]
                    if (cell === undefined) return <td key={cdn} />
                    const step = stepOf(cell, total)
                    return (
                      <td key={cdn} class={step === 'few' ? 'few' : `h${step}`}>
                        <a href={`${to({ isp, cdn })}#sessions`}>
                          {step !== 'few' && step >= 3 && <span aria-hidden="true">▲ </span>}
                          {textOf('rebuffering_ratio', cell.value, lang)}
                          <small>{whole(cell.watching)}</small>
                        </a>
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
          <p class="note muted">{words.heat_note}</p>
        </div>
      )}
    </section>
  )
}
