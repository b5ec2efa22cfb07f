import type { KindFields } from '../../schemas/kinds/kinds.ts'
import { type RequestTiming, type StartupMarks, startupPhases } from './startupPhases.ts'
import { BLOCKED_MS } from './timings.ts'

export interface Start {
  /** The outcome of this attempt was reported. */
  readonly done: () => boolean
  readonly requested: () => boolean
  /** Somebody asked to play; false when that was known already. */
  readonly request: (at: number) => boolean
  readonly mark: (name: keyof StartupMarks, at: number) => void
  readonly source: (what: 'manifest' | 'media', url: string) => void
  /** A new attempt begins. */
  readonly retry: (at: number) => void
  /** The attempt is over: reported once, with its phases. */
  readonly end: (outcome: 'started' | 'failed' | 'abandoned', more?: object) => void
}

/** From the request to play to the first picture, or to its failure. */
export function createStart(
  timing: (url: string) => RequestTiming | undefined,
  report: (fields: KindFields<'startup'>) => void,
): Start {
  let marks: Partial<StartupMarks> = {}
  let done = false
  const urls: { manifest?: string; media?: string } = {}
  const requested = () => marks.requested !== undefined
  const timingOf = (url: string | undefined) => (url === undefined ? undefined : timing(url))
  return {
    requested,
    done: () => done,
    request: (at) => {
      const blocked = !done && marks.ready !== undefined && at - marks.ready > BLOCKED_MS
      if (requested() && !blocked) return false
      marks = { ...marks, requested: at }
      delete marks.frame
      return true
    },
    mark: (name, at) => {
      if (!done) marks[name] ??= at
    },
    source: (what, url) => {
      urls[what] ??= url
    },
    retry: (at) => {
      done = false
      marks = { requested: at }
    },
    end: (outcome, more) => {
      if (done || !requested()) return
      done = true
      const media = timingOf(urls.media)
      const phases = startupPhases(marks as StartupMarks, timingOf(urls.manifest) ?? media, media)
      const none = outcome !== 'started' && { video_startup_time_ms: undefined }
      report({ outcome, ...phases, ...none, ...more } as KindFields<'startup'>)
    },
  }
}
