import { refusal } from './errors.ts'

/** Lets so many through at a time; the next wait in line, and when the line is full or slow they are refused. */
export interface Gate {
  enter(signal: AbortSignal): Promise<() => void>
  readonly running: number
  readonly waiting: number
}

/** Makes a gate. `limit` run at a time, `queue` wait at most, each for `wait_ms` at most; further ones are refused. */
export function createGate(options: {
  readonly name: string
  readonly limit: number
  readonly queue: number
  readonly wait_ms: number
}): Gate {
  let running = 0
  const line: { admit: () => void; refuse: (why: string) => void }[] = []
  const leave = () => {
    const following = line.shift()
    if (following) following.admit()
    else running--
  }
  const once = () => {
    let done = false
    return () => {
      if (!done) leave()
      done = true
    }
  }
  return {
    get running() {
      return running
    },
    get waiting() {
      return line.length
    },
    enter(signal) {
      if (running < options.limit) {
        running++
        return Promise.resolve(once())
      }
      if (line.length >= options.queue) {
        return Promise.reject(tooMany(`${options.limit} run, ${line.length} wait`))
      }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => entry.refuse(`waited ${options.wait_ms} ms`), options.wait_ms)
        const gone = () => entry.refuse('the client went away')
        const settle = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', gone)
        }
        const entry = {
          admit() {
            settle()
            resolve(once())
          },
          refuse(why: string) {
            settle()
            const at = line.indexOf(entry)
            if (at >= 0) line.splice(at, 1)
            reject(tooMany(why))
          },
        }
        signal.addEventListener('abort', gone, { once: true })
        line.push(entry)
      })
    },
  }

  function tooMany(why: string) {
    return refusal('tooManyQueries', `Too many simultaneous ${options.name} queries: ${why}. Try again later`)
  }
}
