import type { Frame } from '../api.ts'
import { timeOf } from './amount.ts'
import { usePlace } from './place.ts'

/** The picture just before an incident, in it and after it, by probe. */
export function Frames({ frames, now_ms }: { readonly frames: readonly Frame[]; readonly now_ms: number }) {
  const { words, lang } = usePlace()
  if (frames.length === 0) return null
  return (
    <section class="panel" id="frames">
      <h2>{words.frames}</h2>
      <div class="frames">
        {frames.map(({ target, part, at_ms, jpeg, reason }) => {
          const about = [target, words.frame_parts[part], timeOf(at_ms, lang, now_ms), reason]
            .filter(Boolean)
            .join(' · ')
          return (
            <figure key={`${target} ${part}`}>
              <img src={`data:image/jpeg;base64,${jpeg}`} alt={about} width="320" />
              <figcaption class="muted">{about}</figcaption>
            </figure>
          )
        })}
      </div>
    </section>
  )
}
