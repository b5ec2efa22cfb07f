import { freeBefore, lanesOf } from '../incidentGroups.ts'
import type { Band } from './chartRow.ts'

interface LaneProps {
  readonly tone: Band['tone']
  readonly title: string
  readonly bands: readonly Band[]
  readonly from_ms: number
  readonly to_ms: number
}

/** Lanes of labels at most; further bands are counted beside the title. */
const LANES = 3
/** The part of the axis that a label needs, per cent. */
const LABEL = 14
/** The part of the axis that a late label takes at most. */
const LATE_ROOM = 0.6

/** What happened, by name, above the charts that it crosses: three lanes at most. */
export function Lanes({ tone, title, bands, from_ms, to_ms }: LaneProps) {
  const seen = bands
    .filter((band) => band.tone === tone && band.to_ms > from_ms && band.from_ms < to_ms)
    .map((band) => ({
      ...band,
      from_ms: Math.max(from_ms, band.from_ms),
      to_ms: Math.min(to_ms, Math.max(band.to_ms, band.from_ms)),
    }))
  if (seen.length === 0) return null
  const length = to_ms - from_ms
  const at = (ms: number) => ((ms - from_ms) / length) * 100
  // Near the end of the axis a label stands left of its band: its room is there.
  const asRoom = seen.map((band) => {
    const late = at(band.from_ms) > 100 - LABEL
    const least = (LABEL / 100) * length
    const room_from = late ? Math.max(from_ms, Math.min(band.from_ms, band.to_ms - least)) : band.from_ms
    return { band, late, from_ms: room_from, to_ms: Math.max(band.to_ms, room_from + least) }
  })
  const { lanes, more } = lanesOf(asRoom, { lanes: tone === 'round' ? 1 : LANES, least_ms: 0 })
  return (
    <>
      {lanes.map((lane, index) => (
        <div key={index} class={`row lane ${tone === 'incident' ? 'fault' : ''}`}>
          <span class="about">
            {index === 0 ? title : ''}
            {index === lanes.length - 1 && more > 0 && <b class="more-bands"> +{more}</b>}
          </span>
          <ol>
            {lane.map(({ band, late, from_ms: least_from, to_ms: room_to }) => {
              // A late label takes the room that its lane leaves it.
              const free_from = freeBefore(lane, least_from, from_ms)
              const room_from = late ? Math.max(free_from, to_ms - length * LATE_ROOM) : least_from
              return (
                <li
                  key={`${band.label}-${band.from_ms}`}
                  class={late ? 'late' : ''}
                  style={{
                    left: `${at(room_from)}%`,
                    width: `${Math.min(100 - at(room_from), ((room_to - room_from) / length) * 100)}%`,
                    paddingRight: late ? `${((room_to - band.from_ms) / length) * 100 + 0.5}%` : undefined,
                  }}
                  title={band.label}
                >
                  <i
                    style={{
                      left: `${((band.from_ms - room_from) / (room_to - room_from)) * 100}%`,
                      width: `${(Math.max(band.to_ms - band.from_ms, length / 500) / (room_to - room_from)) * 100}%`,
                    }}
                  />
                  {band.href === undefined ? <span>{band.label}</span> : <a href={band.href}>{band.label}</a>}
                </li>
              )
            })}
          </ol>
        </div>
      ))}
    </>
  )
}
