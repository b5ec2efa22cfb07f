/**
 * The wall clock in the picture: the top eight lines hold 40 cells, black or white, bit 0 (1 ms) on the left.
 * It is written as the frame leaves the paced source, so what a screen shows can be dated to the millisecond.
 */

const BITS = 40
const HEIGHT = 8
const TURN = 2 ** BITS

export interface Picture {
  readonly width: number
  readonly height: number
}

/**
 * A filter from the labelled input to the labelled output that burns the wall clock in.
 * `time(0)` is read once a frame, at its first cell, and kept in a register for the other 39.
 */
export function clockBarFilter(input: string, output: string, picture: Picture): string {
  const cell = `if(not(X)\\,st(0\\,floor(time(0)*1000))*0)+255*mod(floor(ld(0)/pow(2\\,X))\\,2)`
  return (
    `[${input}]split[bar_in][picture];` +
    `[bar_in]crop=${BITS}:2:0:0,format=gray,crop=${BITS}:1:0:0,geq=lum='${cell}',` +
    `scale=${picture.width}:${HEIGHT}:flags=neighbor[bar];` +
    `[picture][bar]overlay=0:0[${output}]`
  )
}

/** The full time of a clock bar's 40 bits, ms since the epoch: the one nearest to `near_ms`. */
export function clockBarTime(bits: number, near_ms: number): number {
  return bits + Math.round((near_ms - bits) / TURN) * TURN
}

/**
 * Source of a browser function `readClockBar(video)`: the 40 bits of the frame now shown, or NaN while there is none.
 * Pass it to a page as a script; then `clockBarTime(await page.evaluate('readClockBar(v)'), Date.now())`.
 */
export const READ_CLOCK_BAR = `function readClockBar(video) {
  if (!video.videoWidth) return NaN
  const canvas = (readClockBar.canvas ??= document.createElement('canvas'))
  canvas.width = video.videoWidth
  canvas.height = ${HEIGHT}
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.drawImage(video, 0, 0)
  const cell = video.videoWidth / ${BITS}
  const line = context.getImageData(0, ${HEIGHT / 2}, video.videoWidth, 1).data
  let bits = 0
  for (let bit = ${BITS - 1}; bit >= 0; bit--) {
    bits = bits * 2 + (line[Math.floor((bit + 0.5) * cell) * 4] > 127 ? 1 : 0)
  }
  return bits
}`
