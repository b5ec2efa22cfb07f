import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

type Colour = readonly number[]

/** Pixels beside a line that are not looked at. */
const REACH = 2

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
  const seen = await page.evaluate((reach) => {
    const canvas = document.querySelector<HTMLCanvasElement>('#edge canvas')!
    const root = getComputedStyle(document.documentElement)
    const wide = Math.floor(canvas.width * 0.85)
    const half = Math.floor(wide / 2)
    const { data } = canvas
      .getContext('2d')!
      .getImageData(half, Math.floor(canvas.height / 2) - reach, wide - half, 2 * reach + 1)
    return {
      panel: root.getPropertyValue('--panel').trim(),
      alarm: root.getPropertyValue('--alarm').trim(),
      width: wide - half,
      data: [...data],
    }
  }, REACH)
  const [panel, alarm] = [parse(seen.panel), parse(seen.alarm)]
  let contrast = Number.POSITIVE_INFINITY
  const band: number[] = []
  const coveredAt = (x: number, y: number): number => seen.data[(y * seen.width + x) * 4 + 3]! / 255
  /** A line is opaque, and its edge belongs to both: only what is under it counts. */
  const nearLine = (x: number): boolean => {
    for (let y = 0; y <= 2 * REACH; y += 1)
      for (let near = Math.max(0, x - REACH); near <= Math.min(seen.width - 1, x + REACH); near += 1)
        if (coveredAt(near, y) > 0.5) return true
    return false
  }
  for (let x = 0; x < seen.width; x += 1) {
    if (nearLine(x)) continue
    const at = (REACH * seen.width + x) * 4
    const [red, green, blue, covered] = seen.data.slice(at, at + 4) as [number, number, number, number]
    contrast = Math.min(contrast, ratio(alarm, over([red, green, blue, covered / 255], panel)))
    if (red > blue + 40) band.push(covered / 255)
  }
  assert.ok(band.length > 0, 'the band is under the middle of the chart')
  return { contrast, alpha: band.sort((a, b) => a - b)[Math.floor(band.length / 2)] ?? 0 }
}
