import type { Page } from 'playwright-core'

/** How a page kept up with its updates for a while. */
export interface Frames {
  /** Whole pictures and patches that came. */
  readonly updates: number
  readonly frames: number
  /** Time between two frames, ms. */
  readonly median_ms: number
  readonly p95_ms: number
  readonly longest_ms: number
  /** Script, style and layout for one update, ms of the main thread. */
  readonly work_ms: number
}

/** Must be called before the page is opened: counts the messages of its event streams. */
export async function countUpdates(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = window as unknown as { updates: number }
    counted.updates = 0
    const listen = EventSource.prototype.addEventListener
    EventSource.prototype.addEventListener = function (
      this: EventSource,
      ...args: Parameters<typeof listen>
    ) {
      const [type, listener] = args
      if (type !== 'patch' && type !== 'whole') return listen.apply(this, args)
      return listen.call(this, type, (event) => {
        counted.updates += 1
        ;(listener as EventListener)(event)
      })
    } as typeof listen
  })
}

/** Watches a page draw for `ms`, and on until so many updates came, at most four times as long. */
export async function watchFrames(page: Page, ms: number, least = 4): Promise<Frames> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  const work = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
    return (of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration')) * 1000
  }
  const before = await work()
  const { deltas, updates } = await page.evaluate(
    async ([length, wanted]) => {
      const counted = window as unknown as { updates: number }
      const first = counted.updates
      const times: number[] = []
      const began = performance.now()
      do {
        times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)))
      } while (
        times.at(-1)! - began < length ||
        (counted.updates - first < wanted && times.at(-1)! - began < length * 4)
      )
      return {
        deltas: times.slice(1).map((time, index) => time - times[index]!),
        updates: counted.updates - first,
      }
    },
    [ms, least] as const,
  )
  const spent = (await work()) - before
  await devtools.detach()
  const sorted = deltas.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    updates,
    frames: deltas.length,
    median_ms: at(0.5),
    p95_ms: at(0.95),
    longest_ms: at(1),
    work_ms: spent / Math.max(1, updates),
  }
}
