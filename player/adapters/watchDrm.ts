import { guard } from '../core/guard.ts'
import type { Session } from '../createMonitor.ts'
import { addFields } from './addFields.ts'

const SYSTEMS: Readonly<Record<string, string>> = {
  'com.widevine.alpha': 'widevine',
  'com.apple.fps': 'fairplay',
  'com.microsoft.playready': 'playready',
  'org.w3.clearkey': 'clearkey',
}
/** A licence server that does not answer for so long is away. */
const UNANSWERED_MS = 10_000
/** Statuses of a key by which the picture stays dark (Encrypted Media Extensions, `MediaKeyStatus`). */
const DARK = ['output-restricted', 'expired', 'internal-error']

type Listener = (made: MediaKeySession, keys: MediaKeys) => void
const listeners = new Set<Listener>()
const systemOf = new WeakMap<MediaKeys, string>()
let patched = false

/** Sees the key sessions that any player of this page makes; the browser tells of them nowhere else. */
function seeKeySessions(): void {
  if (patched || typeof MediaKeys === 'undefined') return
  patched = true
  const { createMediaKeys } = MediaKeySystemAccess.prototype
  MediaKeySystemAccess.prototype.createMediaKeys = async function () {
    const keys = await createMediaKeys.call(this)
    systemOf.set(keys, SYSTEMS[this.keySystem.replace(/\.(\d_\d|recommendation.*)$/, '')] ?? this.keySystem)
    return keys
  }
  const { createSession } = MediaKeys.prototype
  MediaKeys.prototype.createSession = function (type) {
    const made = createSession.call(this, type)
    for (const listener of listeners) guard(listener)(made, this)
    return made
  }
}

/**
 * Watches the licences of a protected stream, with any player: the licence request becomes a phase of the start
 * (`licence_ms`), and what goes wrong an error of the category `drm` by its reason: `licence_unanswered`, `licence_refused`,
 * `key_expired`, `key_output_restricted`, `key_internal_error`. Call it before the player loads. Returns how to stop.
 */
export function watchDrm(session: Pick<Session, 'on' | 'error'>, video: HTMLVideoElement): () => void {
  const timers = new Set<ReturnType<typeof setTimeout>>()
  let licence_ms: number | undefined
  let drm_system: string | undefined
  const failed = (code: string, message?: string) =>
    session.error({ code, category: 'drm', fatal: true, ...(message && { message }) })

  const listener: Listener = (made, keys) => {
    const isOurs = () => !video.mediaKeys || video.mediaKeys === keys
    let requested_at: number | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const answered = () => {
      if (timer !== undefined) {
        clearTimeout(timer)
        timers.delete(timer)
      }
      timer = undefined
    }
    made.addEventListener(
      'message',
      guard((event: MediaKeyMessageEvent) => {
        if (event.messageType === 'license-release' || !isOurs()) return
        requested_at ??= performance.now()
        drm_system ??= systemOf.get(keys)
        answered()
        timer = setTimeout(
          guard(() => failed('licence_unanswered', drm_system)),
          UNANSWERED_MS,
        )
        timers.add(timer)
      }),
    )
    made.addEventListener(
      'keystatuseschange',
      guard(() => {
        if (!isOurs()) return
        for (const status of made.keyStatuses.values()) {
          if (status === 'usable' && requested_at !== undefined)
            licence_ms ??= performance.now() - requested_at
          if (DARK.includes(status)) failed(`key_${status.replaceAll('-', '_')}`, drm_system)
        }
      }),
    )
    const { update } = made
    made.update = async (response) => {
      answered()
      try {
        await update.call(made, response)
      } catch (error) {
        guard(() => failed('licence_refused', String(error)))()
        throw error
      }
    }
  }
  seeKeySessions()
  listeners.add(listener)
  const forget = addFields(session, 'startup', (event) => {
    const { decode_ms = 0, demux_ms = 0, first_byte_ms = 0 } = event
    if (licence_ms === undefined) return { drm_system }
    // The decoder waits for the key: the phases go on following one another.
    let rest = licence_ms
    const without = (ms: number) => {
      const taken = Math.min(ms, rest)
      rest -= taken
      return ms - taken
    }
    const phases = {
      ...(event.decode_ms !== undefined && { decode_ms: without(decode_ms) }),
      ...(event.demux_ms !== undefined && { demux_ms: without(demux_ms) }),
      ...(event.first_byte_ms !== undefined && { first_byte_ms: without(first_byte_ms) }),
    }
    return { ...phases, drm_system, licence_ms: Math.round((licence_ms - rest) * 10) / 10 }
  })
  return () => {
    listeners.delete(listener)
    forget()
    for (const timer of timers) clearTimeout(timer)
  }
}
