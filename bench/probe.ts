import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CheckResult, check } from '../probe/check.ts'
import { startEncoding } from '../probe/testing/streams.ts'
import { playable, startMediaServer } from '../test/stream/index.ts'

const CHECKS = 1_000
const PARALLEL = 60

const clock = () => performance.timeOrigin + performance.now()
const cpu_ms = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const fetchBare = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.on('end', () => resolve(bytes))
      response.on('error', reject)
    }).on('error', reject)
  })

/** What a check fetches, fetched by bare node:http and thrown away: the reference for its cost. */
async function fetchSame(result: CheckResult): Promise<void> {
  const folder = new URL('.', result.seen.url).href
  const looks = result.seen.edges.length
  const playlists = Array.from({ length: looks }, (_, index) => `${folder}${index % 2}/index.m3u8`)
  const segments = result.seen.pieces.map((piece) => piece.uri)
  await Promise.all([result.seen.url, ...playlists, ...segments].map(fetchBare))
}

/**
 * A thousand checks of a healthy live stream (two variants, 1 s segments), sixty at once: false alarms, CPU time and
 * bytes of a check, and how many checks a minute one core carries. The processes of stream and server are not counted.
 */
export async function run({ json }: { readonly json: boolean }): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-probe-'))
  const server = await startMediaServer({ dir })
  const encoding = await startEncoding('healthy', join(server.mediaDir, 'healthy'))
  const say = (name: string, value: number, unit: string, reference: number | null, text: string) => {
    const ratio = reference === null || reference === 0 ? null : value / reference
    if (json) console.log(JSON.stringify({ bench: 'probe', case: name, value, unit, reference, ratio }))
    else console.log(`${name.padEnd(14)} ${text}`)
  }
  try {
    await playable(`${server.mediaUrl}/healthy/1/index.m3u8`, 8, encoding.log)
    const url = `${server.mediaUrl}/healthy/master.m3u8`
    await Promise.all(Array.from({ length: 10 }, () => check(url, { clock, duration_ms: 1_000 })))

    const results: CheckResult[] = []
    let left = CHECKS
    const began = { cpu: cpu_ms(), at: clock() }
    await Promise.all(
      Array.from({ length: PARALLEL }, async () => {
        while (left-- > 0) results.push(await check(url, { clock }))
      }),
    )
    const spent = cpu_ms() - began.cpu
    const seconds = (clock() - began.at) / 1000
    const last = results.at(-1) as CheckResult
    const rounds = 50
    const before = cpu_ms()
    for (let round = 0; round < rounds; round++) await fetchSame(last)
    const bare = (cpu_ms() - before) / rounds

    const alarms = results.filter((result) => result.verdict !== 'healthy')
    for (const alarm of alarms.slice(0, 5)) console.error(JSON.stringify(alarm.findings))
    const each = spent / results.length
    const bytes = results.reduce((sum, result) => sum + result.measures.bytes, 0) / results.length
    const perMinute = 60_000 / each
    say(
      'false_alarms',
      alarms.length,
      'checks',
      0,
      `${alarms.length} of ${results.length} healthy checks (${seconds.toFixed(0)} s)`,
    )
    say(
      'cpu',
      each,
      'cpu_ms/check',
      bare,
      `${each.toFixed(1)} ms a check; the same bytes by bare node:http ${bare.toFixed(1)} ms: ${(each / bare).toFixed(1)}×`,
    )
    say('bytes', bytes, 'bytes/check', null, `${(bytes / 1000).toFixed(0)} kB a check`)
    say(
      'checks',
      perMinute,
      'checks/minute/core',
      null,
      `${perMinute.toFixed(0)} checks a minute on one core`,
    )
  } finally {
    await encoding.stop()
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
