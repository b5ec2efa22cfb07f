import { join } from 'node:path'
import { startTestCollector } from '../../collector/testing.ts'
import { launchBrowser, startHlsEncoder, startMediaServer, waitFor } from '../stream/index.ts'
import { recordCmcd, type Seen } from './conformance.ts'

/** A live stream as HLS and DASH, a collector, a browser; plays every player in every mode, and ends all of it. */
export async function seeCmcd(): Promise<{ seen: Seen[]; refused: unknown[] }> {
  const closing: (() => Promise<unknown>)[] = []
  try {
    const server = await startMediaServer()
    closing.push(() => server.stop())
    const collecting = await startTestCollector({ clock: Date.now })
    closing.push(() => collecting.close())
    const hls = await startHlsEncoder({ dir: join(server.mediaDir, 'hls'), renditions: 2 })
    closing.push(() => hls.stop())
    const dash = await startHlsEncoder({ dir: join(server.mediaDir, 'dash'), dash: {}, renditions: 2 })
    closing.push(() => dash.stop())
    const browser = await launchBrowser()
    closing.push(() => browser.close())
    for (const path of ['hls/master.m3u8', 'dash/manifest.mpd'])
      await waitFor(async () => (await fetch(`${server.mediaUrl}/${path}`)).ok, { what: path })
    const origin = await collecting.collector.app.listen({ port: 0, host: '127.0.0.1' })
    const seen = await recordCmcd(browser, server.mediaUrl, `${origin}/v1/cmcd?key=demo&show=gala`)
    return { seen, refused: collecting.facts.filter(({ type }) => type === 'events_refused') }
  } finally {
    for (const close of closing.reverse()) await close()
  }
}
