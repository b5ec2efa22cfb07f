import { onBeforeUnmount, onMounted, type Ref, type ShallowRef, shallowRef } from 'vue'
import { monitor } from '../bundles/firstframe.ts'
import type { MonitorOptions, Session } from '../createMonitor.ts'

/**
 * Watches the `<video>` of a Vue component from mount to unmount.
 * @param video the element's template ref
 * @param options of `monitor()`, or a function that gives them at the mount (a player that is made then)
 * @returns the session, for `track()`; undefined before the mount and on a server
 */
export function useMonitor(
  video: Readonly<Ref<HTMLVideoElement | null | undefined>>,
  options: MonitorOptions | (() => MonitorOptions),
): Readonly<ShallowRef<Session | undefined>> {
  const session = shallowRef<Session | undefined>()
  onMounted(() => {
    if (!video.value) return
    session.value = monitor(video.value, typeof options === 'function' ? options() : options)
  })
  onBeforeUnmount(() => {
    session.value?.end()
    session.value = undefined
  })
  return session
}
