import { useEffect, useRef } from 'preact/hooks'
import type { IncidentGroup } from '../incidentGroups.ts'

const KEY = 'firstframe-sound'

/** Whether this browser sounds on a new critical incident; off until somebody asks for it. */
export const soundIsOn = (): boolean => localStorage.getItem(KEY) === 'on'
/** Switches the sound of new pages on or off, for this browser. */
export const switchSound = (on: boolean): void => {
  localStorage.setItem(KEY, on ? 'on' : 'off')
  if (on) play()
}

/** Two short tones. */
function play(): void {
  const context = new AudioContext()
  for (const [index, pitch] of [880, 660].entries()) {
    const tone = context.createOscillator()
    const volume = context.createGain()
    tone.frequency.value = pitch
    volume.gain.value = 0.2
    tone.connect(volume).connect(context.destination)
    tone.start(context.currentTime + index * 0.25)
    tone.stop(context.currentTime + index * 0.25 + 0.2)
    if (index === 1) tone.onended = () => void context.close()
  }
}

/** A browser keeps a page silent that nobody has touched since it was loaded. */
export const soundWaits = (): boolean => soundIsOn() && navigator.userActivation?.hasBeenActive === false

/** Sounds once for each critical incident that was not open when the view was opened, and when one comes back. */
export function useSiren(open: readonly IncidentGroup[]): void {
  const known = useRef<Set<string>>()
  useEffect(() => {
    const critical = open
      .filter((group) => group.critical)
      .flatMap((group) => group.incidents.map(({ id, reopened = 0 }) => `${id} ${reopened}`))
    const first = known.current === undefined
    known.current ??= new Set()
    const fresh = critical.filter((each) => !known.current!.has(each))
    for (const each of fresh) known.current.add(each)
    if (!first && fresh.length > 0 && soundIsOn()) play()
  }, [open])
}
