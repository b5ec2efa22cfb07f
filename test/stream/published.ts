import type { MediaServer } from './mediaServer.ts'
import { waitFor } from './waitFor.ts'

/** Resolves when the stream is publishing at the media server (its picture is known there). */
export async function published(server: MediaServer, stream: string): Promise<void> {
  await waitFor(
    async () => {
      const stat = await (await fetch(server.statUrl)).text()
      const found = stat.split('<stream>').find((part) => part.includes(`<name>${stream}</name>`))
      return found?.includes('<publishing/>') && found.includes('<meta>')
    },
    { what: `${stream} to be published`, detail: server.log },
  )
}

/** Resolves with the playlist once it lists at least `segments` segments. */
export async function playable(playlistUrl: string, segments = 2, detail?: () => string): Promise<string> {
  return waitFor(
    async () => {
      const answer = await fetch(playlistUrl)
      const text = await answer.text()
      return answer.ok && text.split('#EXTINF').length > segments && text
    },
    { what: playlistUrl, ...(detail ? { detail } : {}) },
  )
}
