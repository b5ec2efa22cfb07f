/** Numbers as Grafana writes them, for the units our boards use. Throws on a unit it does not know, so that none goes unseen. */

const fixed = (value: number, decimals: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: decimals })

/** Grafana's own choice of decimals: about three figures. */
function decimalsFor(value: number): number {
  const size = Math.abs(value)
  if (size === 0 || size >= 100) return 0
  if (size >= 10) return 1
  if (size >= 1) return 2
  return Math.min(6, 2 - Math.floor(Math.log10(size)))
}

const scaled =
  (steps: readonly (readonly [number, string])[]) =>
  (value: number, decimals?: number): string => {
    const [by, unit] =
      value === 0
        ? steps.find(([from]) => from >= 1)!
        : ([...steps].reverse().find(([from]) => Math.abs(value) >= from) ?? steps[0]!)
    const number = value / by
    return `${fixed(number, decimals ?? decimalsFor(number))}${unit}`
  }

const FORMATS: Readonly<Record<string, (value: number, decimals?: number) => string>> = {
  none: (value, decimals) => fixed(value, decimals ?? decimalsFor(value)),
  locale: (value, decimals) => fixed(value, decimals ?? decimalsFor(value)),
  short: scaled([
    [1, ''],
    [1e3, ' K'],
    [1e6, ' Mil'],
    [1e9, ' Bil'],
  ]),
  percentunit: (value, decimals) => `${fixed(value * 100, decimals ?? decimalsFor(value * 100))}%`,
  ms: scaled([
    [1, ' ms'],
    [1e3, ' s'],
    [60e3, ' min'],
    [3600e3, ' hour'],
  ]),
  s: scaled([
    [1e-6, ' µs'],
    [1e-3, ' ms'],
    [1, ' s'],
    [60, ' mins'],
    [3600, ' hours'],
  ]),
  Kbits: scaled([
    [1, ' kb/s'],
    [1e3, ' Mb/s'],
    [1e6, ' Gb/s'],
  ]),
  Mbits: scaled([
    [1, ' Mb/s'],
    [1e3, ' Gb/s'],
  ]),
  decbytes: scaled([
    [1, ' B'],
    [1e3, ' kB'],
    [1e6, ' MB'],
    [1e9, ' GB'],
    [1e12, ' TB'],
  ]),
  reqps: scaled([
    [1, ' req/s'],
    [1e3, 'K req/s'],
  ]),
  cps: scaled([
    [1, ' c/s'],
    [1e3, 'K c/s'],
  ]),
}

export function grafanaText(unit: string, value: number, decimals?: number): string {
  if (unit.startsWith('suffix:'))
    return `${fixed(value, decimals ?? decimalsFor(value))}${unit.slice('suffix:'.length)}`
  if (unit.startsWith('prefix:'))
    return `${unit.slice('prefix:'.length)}${fixed(value, decimals ?? decimalsFor(value))}`
  const format = FORMATS[unit]
  if (format === undefined) throw new Error(`Grafana's unit ${unit} is not known here`)
  return format(value, decimals)
}
