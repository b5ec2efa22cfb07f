import { type RefObject, useEffect, useRef } from 'react'
import { monitor } from '../bundles/firstframe.ts'
import type { MonitorOptions, Session } from '../createMonitor.ts'

/**
 * Watches the `<video>` of a React component from mount to unmount.
 * @param video the element's ref
 * @param options of `monitor()`; read when the component mounts and when `show`, `stream` or `player` changes
 * @returns a ref to the session, for `track()`; undefined before the mount and on a server
 */
export function useMonitor(
  video: RefObject<HTMLVideoElement | null>,
  options: MonitorOptions,
): RefObject<Session | undefined> {
  const session = useRef<Session | undefined>(undefined)
  const newest = useRef(options)
  newest.current = options
  const { show, stream, player } = options
  // A new player or stream is a new session; other options are read when it begins.
  useEffect(() => {
    if (video.current === null) return
    const current = monitor(video.current, newest.current)
    session.current = current
    return () => {
      current.end()
      session.current = undefined
    }
  }, [video, show, stream, player])
  return session
}
