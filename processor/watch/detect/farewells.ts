import type { KindSlices } from '../windows/view.ts'

/** Events by which an encoder says that it ends on purpose. */
const GOODBYES = new Set(['end', 'ended', 'finish', 'finished', 'stop', 'stopped', 'unpublish'])

const RETURN_MS = 10_000
/** Players that ran dry in a break report it until so long after it. */
export const RECOVERY_MS = 30_000

export interface Farewell {
  /** The encoder ended in good order and has not come back. */
  readonly ended: boolean
  /** It has just come back: players recover from a break that was planned. */
  readonly recovering: boolean
  /** It came back a moment ago: the windows of the link still hold the break. */
  readonly returning: boolean
  /** How long to wait for the encoder's own goodbye after its media server says that it is gone. */
  readonly patience_ms: number
}

/**
 * Remembers planned ends: the encoder's own last report says so (`hop: encoder`, `event: end`, as ffmpeg's
 * `progress=end` becomes). A media server's `unpublish` alone proves nothing, since it says the same of a killed encoder.
 */
export class Farewells {
  private back_ms = 0
  private ended_ms = 0
  private encoderHeard_ms = 0

  /** Reads one second of the hop kind. */
  read(second_ms: number, { table, slices }: KindSlices): void {
    const read = (name: string) => {
      const dimension = table.dimensions.indexOf(name)
      return (cell: number) => table.values[dimension]![table.codeAt(cell, dimension)]!
    }
    const [hop, event, status] = [read('hop'), read('event'), read('status')]
    let goodbye = false
    let alive = false
    for (const { cells, rows } of slices)
      for (let row = 0; row < rows; row += 1) {
        const cell = cells[row]!
        const name = hop(cell)
        if (name !== 'encoder' && name !== 'ingest') continue
        const stated = event(cell)
        if (name === 'encoder') {
          this.encoderHeard_ms = second_ms
          if (GOODBYES.has(stated)) goodbye = true
        }
        if (stated === 'publish' || (status(cell) !== 'down' && !GOODBYES.has(stated))) alive = true
      }
    if (goodbye) this.ended_ms = second_ms
    else if (this.ended_ms > 0 && alive && second_ms > this.ended_ms + 2000) {
      this.ended_ms = 0
      this.back_ms = second_ms
    }
  }

  at(now_ms: number): Farewell {
    return {
      ended: this.ended_ms > 0,
      returning: this.back_ms > 0 && now_ms - this.back_ms < RETURN_MS,
      recovering: this.back_ms > 0 && now_ms - this.back_ms < RECOVERY_MS,
      // Without an encoder that reports there is no goodbye to wait for.
      patience_ms: now_ms - this.encoderHeard_ms < 10_000 ? 2000 : 0,
    }
  }
}
