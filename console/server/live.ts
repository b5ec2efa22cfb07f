import { diff } from '../live/mergePatch.ts'

/** Somebody who looks. `send` says false when the line is full; then the next thing it gets is whole again. */
export interface Viewer {
  send(event: 'whole' | 'patch' | 'trouble', data: string): boolean
}

/** Computes what all who look at one thing see; gets what it made before. */
export type Compute<T> = (previous: T | undefined, why: 'second' | 'change') => Promise<T>

export interface Live {
  /** Lets a viewer look at a key; returns how to leave. undefined: too many look already. */
  join<T>(options: {
    readonly key: string
    readonly compute: Compute<T>
    /** What of T is shown. */
    readonly shown: (made: T) => unknown
    readonly viewer: Viewer
  }): (() => void) | undefined
  /** Something changed for these keys: compute now, not at the next second. */
  nudge(fits: (key: string) => boolean): void
  /** Things looked at now. */
  rooms(): number
  close(): void
}

interface Room {
  readonly viewers: Map<Viewer, { whole: boolean }>
  made: unknown
  shown: unknown
  text: string
  busy: boolean
  again: boolean
  timer: NodeJS.Timeout
  run(why: 'second' | 'change'): void
}

/**
 * One computation a thing looked at, shared by all who look at it: each second, and at once when nudged. The first message
 * is whole, later ones are JSON merge patches. Nothing is computed when nobody looks.
 */
export function createLive({ every_ms = 1000, rooms: limit = 200, viewers: seats = 1000 } = {}): Live {
  const rooms = new Map<string, Room>()
  let seated = 0

  function publish(room: Room, shown: unknown): void {
    const before = room.shown
    room.shown = shown
    room.text = JSON.stringify(shown)
    const patch = before === undefined ? undefined : diff(before, shown)
    const text = patch === undefined ? '{}' : JSON.stringify(patch)
    for (const [viewer, state] of room.viewers) {
      if (state.whole) state.whole = !viewer.send('whole', room.text)
      else if (!viewer.send('patch', text)) state.whole = true
    }
  }

  function open<T>(key: string, compute: Compute<T>, shownOf: (made: T) => unknown): Room {
    async function once(why: 'second' | 'change'): Promise<void> {
      room.busy = true
      try {
        let made = await compute(room.made as T | undefined, why)
        if (room.made === undefined && room.again) show(made)
        // What changed while this was computed may be missing in it.
        while (room.again) {
          room.again = false
          made = await compute(made, 'change')
        }
        generation += 1
        show(made)
      } catch (error) {
        const code = (error as { fault?: string }).fault === 'store' ? 'store_away' : 'internal'
        const data = JSON.stringify({ code, message: (error as Error).message.slice(0, 300) })
        for (const viewer of room.viewers.keys()) viewer.send('trouble', data)
      } finally {
        room.busy = false
      }
    }
    let generation = 0
    let quick = false
    const show = (made: T): void => {
      room.made = made
      if (rooms.get(key) === room) publish(room, shownOf(made))
    }
    /** A change while the second's computation still runs: shown at once, with what was read last. */
    async function onceQuickly(): Promise<void> {
      if (quick || room.made === undefined) return
      quick = true
      const began = generation
      try {
        const made = await compute(room.made as T, 'change')
        if (generation === began) show(made)
      } catch {
        // The computation that runs reports the trouble.
      } finally {
        quick = false
      }
    }
    const room: Room = {
      viewers: new Map(),
      made: undefined,
      shown: undefined,
      text: '',
      busy: false,
      again: false,
      timer: setInterval(() => room.run('second'), every_ms),
      run(why) {
        if (!room.busy) void once(why)
        else if (why === 'change') {
          room.again = true
          void onceQuickly()
        }
      },
    }
    rooms.set(key, room)
    room.run('second')
    return room
  }

  return {
    join({ key, compute, shown, viewer }) {
      if (seated >= seats || (!rooms.has(key) && rooms.size >= limit)) return undefined
      const room = rooms.get(key) ?? open(key, compute, shown)
      seated += 1
      room.viewers.set(viewer, { whole: room.text === '' || !viewer.send('whole', room.text) })
      return () => {
        if (!room.viewers.delete(viewer)) return
        seated -= 1
        if (room.viewers.size > 0) return
        clearInterval(room.timer)
        if (rooms.get(key) === room) rooms.delete(key)
      }
    },
    nudge(fits) {
      for (const [key, room] of rooms) if (fits(key)) room.run('change')
    },
    rooms: () => rooms.size,
    close() {
      for (const room of rooms.values()) clearInterval(room.timer)
      rooms.clear()
    },
  }
}
