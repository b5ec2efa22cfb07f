import { recent } from '../recent.ts'

export interface UserAgent {
  readonly device: string
  readonly os: string
}

const KEPT = 10_000
/** What is looked at and remembered of a header, characters. */
const LONGEST = 512

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/OpenHarmony|HarmonyOS/, 'harmonyos'],
  [/iPhone|iPad|iPod/, 'ios'],
  [/AppleTV|tvOS/, 'tvos'],
  [/Android/, 'android'],
  [/Tizen/, 'tizen'],
  [/Web0S|webOS/, 'webos'],
  [/Windows/, 'windows'],
  [/Mac OS X|Macintosh/, 'macos'],
  [/CrOS/, 'chromeos'],
  [/Linux|X11/, 'linux'],
]

const DEVICES: readonly (readonly [RegExp, string])[] = [
  [/AppleTV|SmartTV|SMART-TV|Tizen.*TV|Web0S|HbbTV|BRAVIA|AFT[A-Z]|Android TV|GoogleTV|CrKey/, 'tv'],
  [/PlayStation|Xbox|Nintendo/, 'console'],
  [/iPad|Tablet/, 'tablet'],
  [/iPhone|iPod/, 'phone'],
  [/Android(?!.*Mobile)/, 'tablet'],
  [/Mobile|Android/, 'phone'],
  [/Windows|Macintosh|X11|Linux|CrOS/, 'desktop'],
]

const first = (table: readonly (readonly [RegExp, string])[], text: string): string =>
  table.find(([pattern]) => pattern.test(text))?.[1] ?? ''

/** Kind of device and operating system from the header `user-agent`: what the header is good for, and no more. */
export function readUserAgent(): (header: string | undefined) => UserAgent {
  const known = recent(
    KEPT,
    (text: string): UserAgent => ({
      device: first(DEVICES, text),
      os: first(SYSTEMS, text),
    }),
  )
  return (header) => known.of((header ?? '').slice(0, LONGEST))
}
