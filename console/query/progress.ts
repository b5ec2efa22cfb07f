/** Shows on a terminal how long a query runs and how much has come. */
export interface Progress {
  took(bytes: number): void
  /** Clears the line. */
  end(): void
}

const BLOCKS = '▏▎▍▌▋▊▉█'
const WIDTH = 16

/** A bar that runs to and fro while the length is unknown: ClickHouse says how many rows there are only at the end. */
function bar(beat: number): string {
  const period = 2 * WIDTH
  const at = beat % period < WIDTH ? beat % period : period - 1 - (beat % period)
  return `${' '.repeat(at)}${BLOCKS.at(-1)}${' '.repeat(WIDTH - 1 - at)}`
}

const size = (bytes: number): string =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(0)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(2)} GB`

/** @param options.write where the line goes; nothing is shown when `terminal` is false */
export function startProgress({
  write,
  terminal,
  clock,
}: {
  readonly write: (text: string) => void
  readonly terminal: boolean
  readonly clock: () => number
}): Progress {
  if (!terminal) return { took() {}, end() {} }
  const began = clock()
  let bytes = 0
  let beat = 0
  const draw = () => {
    const seconds = (clock() - began) / 1000
    write(`\r\u001b[K│${bar(beat)}│ ${seconds.toFixed(1)} s  ${size(bytes)}`)
    beat += 1
  }
  const timer = setInterval(draw, 100)
  timer.unref()
  draw()
  return {
    took(more) {
      bytes += more
    },
    end() {
      clearInterval(timer)
      write('\r\u001b[K')
    },
  }
}
