import { experienceOf, partName } from '../../schemas/experience.ts'
import { metricOf } from '../../schemas/metrics.ts'
import type { Snapshot } from '../api.ts'
import { whole } from './amount.ts'
import { usePlace } from './place.ts'
import { Table } from './Tables.tsx'

/** The experience score of this moment, and what each part takes off it, the most costly first. */
export function Experience({ values }: Pick<Snapshot, 'values'>) {
  const { words, lang } = usePlace()
  const { title, objective } = metricOf('experience_score')
  const found = experienceOf(values)
  return (
    <section class="panel">
      <h2>
        {title[lang]}{' '}
        <b class={`figure ${found !== undefined && found.score < objective! ? 'missed' : ''}`}>
          {found === undefined ? '–' : whole(found.score)}
        </b>
        <span class="muted">{words.objective(`≥ ${objective}`)}</span>
      </h2>
      {found === undefined ? (
        <p class="muted">{words.no_data}</p>
      ) : (
        <Table
          heads={[words.part, words.points, words.points_lost]}
          rows={found.parts.map(({ part, score, lost }) => ({
            key: part,
            cells: [partName(part, lang), whole(score), lost.toFixed(1)],
          }))}
        />
      )}
    </section>
  )
}
