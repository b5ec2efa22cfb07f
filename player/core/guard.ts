/** A function that never throws into the page: what goes wrong inside is ours, and stays here. */
export const guard =
  <A extends unknown[], R>(run: (...args: A) => R) =>
  (...args: A): R | undefined => {
    try {
      return run(...args)
    } catch {
      return undefined
    }
  }
