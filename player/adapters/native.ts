import type { Adapter } from '../adapter.ts'

/** A `<video>` that plays by itself: files everywhere, HLS in Safari. */
export const native: Adapter = {
  name: 'native',
  match: () => false,
  attach: (_, host) => {
    const { video } = host
    const source = () => {
      const url = video.currentSrc
      if (!url || url.startsWith('blob:')) return
      host.source('media', url)
      host.mark('media')
    }
    source()
    video.addEventListener('loadstart', source)
    return {
      sample: () => {
        // Safari: the wall clock of media time 0, from EXT-X-PROGRAM-DATE-TIME.
        const start = (video as { getStartDate?: () => Date }).getStartDate?.().getTime()
        return start ? { filmed_ms: start + video.currentTime * 1000 } : {}
      },
      detach: () => video.removeEventListener('loadstart', source),
    }
  },
}
