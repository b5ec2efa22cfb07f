type Step = () => unknown
type Part = { readonly stop: Step } | { readonly close: Step } | Step

interface EndOfTest {
  readonly after: (run: () => Promise<void>) => void
}

/**
 * Gives a function that stops what it is handed when the test ends, last started first, each one even if another fails.
 *
 * Call it at the top of a test, `const own = endWith(t)`, then `const server = own(await startMediaServer())`.
 * node:test's own hooks run first registered first, end at the first failure, and a root-level `after` waits until
 * nothing is open, so it never stops a server.
 */
export function endWith(t: EndOfTest): <T extends Part>(part: T) => T {
  const steps: Step[] = []
  t.after(async () => {
    const failed: unknown[] = []
    for (const step of steps.reverse()) {
      try {
        await step()
      } catch (error) {
        failed.push(error)
      }
    }
    if (failed.length > 0) throw new AggregateError(failed, 'something did not stop')
  })
  return (part) => {
    if (typeof part === 'function') steps.push(part)
    else if ('stop' in part) steps.push(() => part.stop())
    else steps.push(() => part.close())
    return part
  }
}
