import type { BenchOptions } from '../run.ts'

/** The value below which a share of the values lies; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Processor time that `work` needs in this process, µs: user and system, every thread. */
export function cpu_us(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/**
 * Prints a bench's figures, each as it is found: as JSON `{ bench, case, value, unit, reference, ratio }`, or as text.
 * @param rival what `reference` measures
 */
export const printFigures =
  (bench: string, { json }: Pick<BenchOptions, 'json'>, rival = 'reference') =>
  (name: string, value: number, unit: string, reference?: number): void => {
    const ratio = reference === undefined ? undefined : value / reference
    const beside = reference === undefined ? '' : `, ${rival} ${reference.toFixed(2)}: ${ratio!.toFixed(2)}×`
    console.log(
      json
        ? JSON.stringify({ bench, case: name, value, unit, reference, ratio })
        : `${name.padEnd(34)} ${value.toFixed(2).padStart(10)} ${unit}${beside}`,
    )
  }
