import { type Case, type Finding, inMs } from './finding.ts'
import type { PictureSeen } from './observations.ts'

/** Mean difference of a pixel (0 … 255) below which two looks count as the same picture: coding noise stays under it. */
const STILL = 0.35

/** The longest time the shown picture stayed the same while the media's own time went on, ms. */
function longestStill(picture: PictureSeen): number {
  let longest = 0
  let since_ms: number | undefined
  for (const [index, frame] of picture.frames.entries()) {
    const before = picture.frames[index - 1]
    const advanced = before !== undefined && frame.media_ms > before.media_ms
    if (before !== undefined && advanced && frame.change < STILL) {
      since_ms ??= before.media_ms
      longest = Math.max(longest, frame.media_ms - since_ms)
    } else if (advanced) since_ms = undefined
  }
  return longest
}

/** Judges what real decoding showed: black, frozen, silent, or nothing at all. */
export function judgePicture(picture: PictureSeen, limits: Case['limits']): Finding[] {
  if (picture.error !== undefined)
    return [{ reason: 'browser_failed', detail: `${picture.player}: ${picture.error}` }]
  if (picture.firstFrame_ms === undefined || picture.frames.length === 0) {
    return [{ reason: 'browser_failed', detail: `${picture.player} showed no frame` }]
  }
  const findings: Finding[] = []
  const { logo, soundOnly } = picture
  const black = picture.frames.filter((frame) => frame.black_ratio >= limits.black_ratio).length
  if (soundOnly) {
    // Nothing of a picture is judged.
  } else if (black >= picture.frames.length * 0.8) {
    findings.push({ reason: 'picture_black', detail: `${black} of ${picture.frames.length} looks saw black` })
  } else {
    const still = longestStill(picture)
    if (still > limits.frozen_ms) {
      findings.push({ reason: 'picture_frozen', detail: `the same picture for ${inMs(still)} of media time` })
    }
  }
  if (!soundOnly && logo !== undefined && logo < limits.logo_alike)
    findings.push({ reason: 'logo_missing', detail: `its place is ${logo.toFixed(2)} like the reference` })
  const loudness = picture.loudnessDbfs
  if (loudness !== undefined && loudness.length > 0 && Math.max(...loudness) < limits.silent_dbfs) {
    const loudest = Math.max(...loudness)
    const level = Number.isFinite(loudest) ? `${loudest.toFixed(0)} dBFS` : 'digital silence'
    findings.push({ reason: 'sound_silent', detail: `never louder than ${level}` })
  }
  return findings
}
