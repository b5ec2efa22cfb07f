import type { Page } from 'playwright-core'

type Colour = readonly number[]

/** A CSS colour like `#ff64641a`, channels 0–255 and alpha 0–1. */
const parse = (hex: string): Colour => {
  const part = (from: number) => Number.parseInt(hex.slice(from, from + 2), 16)
  return [part(1), part(3), part(5), hex.length > 7 ? part(7) / 255 : 1]
}

const over = (top: Colour, under: Colour): Colour =>
  [0, 1, 2].map((channel) => top[channel]! * top[3]! + under[channel]! * (1 - top[3]!))

/** Relative luminance (WCAG 2.1). */
function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((channel) => {
    const part = channel / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

const ratio = (a: Colour, b: Colour): number => {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/**
 * Contrast of the alarm's line against what lies under it where the incidents' band covers the edge's chart, at its worst, and how
 * strongly the band covers; read from the chart's own pixels.
 */
export async function contrastUnderBands(
  page: Page,
): Promise<{ readonly contrast: number; readonly alpha: number }> {
  await page.waitForFunction(() =>
    document
      .querySelector<HTMLCanvasElement>('#edge canvas')!
      .getContext('2d')!
      .getImageData(0, 0, 2000, 200)
      .data.some((value) => value > 0),
  )
  const seen = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#edge canvas')!
    const root = getComputedStyle(document.documentElement)
    const wide = Math.floor(canvas.width * 0.85)
    const pixels = canvas.getContext('2d')!.getImageData(0, Math.floor(canvas.height / 2), wide, 1).data
    return {
      panel: root.getPropertyValue('--panel').trim(),
      alarm: root.getPropertyValue('--alarm').trim(),
      pixels: [...pixels.slice(Math.floor(wide / 2) * 4)],
    }
  })
  const [panel, alarm] = [parse(seen.panel), parse(seen.alarm)]
  let contrast = Number.POSITIVE_INFINITY
  const band: number[] = []
  for (let at = 0; at < seen.pixels.length; at += 4) {
    const [red, green, blue, covered] = seen.pixels.slice(at, at + 4) as [number, number, number, number]
    // A line is opaque: only what is under it counts.
    if (covered / 255 > 0.5) continue
    contrast = Math.min(contrast, ratio(alarm, over([red, green, blue, covered / 255], panel)))
    if (red > blue + 40) band.push(covered / 255)
  }
  // The middle one: beside a line there are pixels that belong to both.
  return { contrast, alpha: band.sort((a, b) => a - b)[Math.floor(band.length / 2)] ?? 0 }
}
