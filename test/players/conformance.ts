import type { Browser } from 'playwright-core'
import { type CmcdRecord, decodeCmcd } from '../../collector/cmcd/decode.ts'
import { CMCD_KEYS, type CmcdKey, type CmcdKeySpec } from '../../collector/cmcd/keys.ts'
import { type CmcdMode, normaliseCmcd } from '../../collector/cmcd/normalise.ts'
import { newSession } from '../../collector/cmcd/sessions.ts'
import { openPage, type PlayerLibrary, waitFor } from '../stream/index.ts'

/** How CMCD travels: with requests (by version and carrier), or as reports of events; `rr` tells of a response. */
export const MODES = ['1', '2', 'h', 'E', 'R'] as const
export type Mode = (typeof MODES)[number]
export const MODE_HELP: Readonly<Record<Mode, string>> = {
  '1': 'version 1 in the query of requests',
  '2': 'version 2 in the query of requests',
  h: 'version 1 in the headers of requests',
  E: 'version 2, reports of events',
  R: 'version 2, the event `rr`',
}

interface Settings {
  readonly version: 1 | 2
  readonly headers: boolean
  /** Where reports of events go; none in version 1. */
  readonly target: string
}

/** The players as their packages ship them, told to send every key they can. Each is a function of the page. */
const PLAYERS: readonly { name: string; library: PlayerLibrary; manifest: string; start: string }[] = [
  {
    name: 'hls.js',
    library: 'hls.js',
    manifest: 'hls/master.m3u8',
    start: `(url, { version, headers, target, keys, events }) => {
      const eventTargets = version === 2 ? [{ url: target, events, interval: 1, batchSize: 2, includeKeys: keys }] : []
      window.player = new Hls({ cmcd: { version, sessionId: 'table', contentId: 'main', useHeaders: headers, eventTargets } })
      player.loadSource(url)
      player.attachMedia(video)
    }`,
  },
  {
    name: 'dash.js',
    library: 'dashjs',
    manifest: 'dash/manifest.mpd',
    start: `(url, { version, headers, target, keys, events }) => {
      window.player = dashjs.MediaPlayer().create()
      player.clearDefaultUTCTimingSources()
      const eventTargets = version === 2 ? [{ enabled: true, url: target, events, interval: 1, batchSize: 2, enabledKeys: keys }] : []
      player.updateSettings({ streaming: { cmcd: { enabled: true, version, sid: 'table', cid: 'main', mode: headers ? 'headers' : 'query', enabledKeys: keys, eventTargets } } })
      player.initialize(video, url, true)
    }`,
  },
  {
    name: 'Shaka',
    library: 'shaka',
    manifest: 'dash/manifest.mpd',
    start: `async (url, { version, headers, target, keys, events }) => {
      window.player = new shaka.Player()
      await player.attach(video)
      const eventTargets = version === 2 ? [{ mode: 'event', enabled: true, url: target, events, includeKeys: [], interval: 1, batchSize: 2 }] : []
      player.configure({ cmcd: { enabled: true, version, sessionId: 'table', contentId: 'main', useHeaders: headers, eventTargets } })
      await player.load(url)
    }`,
  },
]
export const PLAYER_NAMES = PLAYERS.map(({ name }) => name)

export interface Seen {
  readonly player: string
  readonly mode: Mode
  /** One record as it came. */
  readonly line: string
}

const EVENTS = ['ps', 'bc', 'e', 't', 'rr', 'pr', 'm', 'um', 'pe', 'sk', 'c', 'b']
/** Reports and requests of each mode that are waited for. */
const ENOUGH = 6

/** Plays a live stream in each player and mode and notes every record that leaves the browser. */
export async function recordCmcd(browser: Browser, mediaUrl: string, target: string): Promise<Seen[]> {
  const seen: Seen[] = []
  const rounds: readonly Settings[] = [
    { version: 1, headers: false, target },
    { version: 1, headers: true, target },
    { version: 2, headers: false, target },
  ]
  for (const settings of rounds)
    await Promise.all(
      PLAYERS.map(async ({ name, library, manifest, start }) => {
        const view = await openPage(browser, { libraries: [library] })
        const counts = new Map<Mode, number>()
        const note = (mode: Mode, line: string) => {
          counts.set(mode, (counts.get(mode) ?? 0) + 1)
          seen.push({ player: name, mode, line })
        }
        view.page.on('request', (request) => {
          if (request.method() === 'POST' && request.url().startsWith(target)) {
            for (const line of (request.postData() ?? '').split('\n').filter(Boolean))
              note(/(?:^|,)e=rr(?:,|$)/.test(line) ? 'R' : 'E', line)
            return
          }
          const query = new URL(request.url()).searchParams.get('CMCD')
          if (query !== null) note(settings.version === 1 ? '1' : '2', query)
          const carried = Object.entries(request.headers()).filter(([header]) => header.startsWith('cmcd-'))
          if (carried.length > 0) note('h', carried.map(([, value]) => value).join(','))
        })
        const given = { ...settings, keys: Object.keys(CMCD_KEYS), events: EVENTS }
        try {
          const url = `${mediaUrl}/${manifest}`
          await view.page.evaluate(`(${start})(${JSON.stringify(url)}, ${JSON.stringify(given)})`)
          const wanted: Mode[] = settings.version === 2 ? ['2', 'E', 'R'] : [settings.headers ? 'h' : '1']
          await waitFor(() => wanted.every((mode) => (counts.get(mode) ?? 0) >= ENOUGH), {
            what: `${name}: ${wanted.join(', ')}`,
            detail: () => JSON.stringify([[...counts], view.errors]),
          })
        } finally {
          await view.close()
        }
      }),
    )
  return seen
}

/** What one session's records become, as lines of columns; `without` leaves a key out. */
function normalised(records: readonly { record: CmcdRecord; mode: CmcdMode }[], without?: string): string[] {
  const session = newSession()
  return records.flatMap(({ record, mode }, index) => {
    const values = Object.fromEntries(Object.entries(record.values).filter(([key]) => key !== without))
    const at_ms = 1_795_000_000_000 + index * 1_000
    return normaliseCmcd({ record: { ...record, values }, mode, at_ms, session }).map(({ event }) =>
      JSON.stringify(event),
    )
  })
}

/** A value of a key in two reports that follow one another. */
function samples(key: CmcdKey): readonly [string, string] {
  const { type, list } = CMCD_KEYS[key] as CmcdKeySpec
  const tokens: Record<string, [string, string]> = { e: ['bc', 'e'], sta: ['r', 'p'], sf: ['h', 'h'] }
  const texts: Record<string, string> = { url: '"http://edge-7/x"' }
  const [entry, two] =
    tokens[key] ??
    (type === 'string'
      ? [texts[key] ?? '"x"', texts[key] ?? '"x"']
      : type === 'decimal'
        ? ['1.25', '1.1']
        : ['1700', '1900'])
  if (type === 'boolean') return ['', '']
  if (type === 'token' && tokens[key] === undefined) return ['l', 'l']
  return list ? [`=(${entry})`, `=(${two})`] : [`=${entry}`, `=${two}`]
}

/** The columns that a key has a say in: those that change, or are missing, when it is left out. */
export function becomes(key: CmcdKey): string[] {
  // Read where a report's time is set, before it becomes columns.
  if (key === 'ts') return ['event_time']
  const [entry, two] = samples(key)
  const event = { e: key === 'bg' ? '=b' : '=rr' }
  const line = (given: Record<string, string>) =>
    Object.entries({ v: '=2', sid: '="s"', cid: '="c"', ...given })
      .map(([name, value]) => `${name}${value}`)
      .join(',')
  // Players that say their state, and players that do not: some keys tell only of the latter.
  const fields = new Set<string>()
  for (const sta of [{ sta: '=p' }, {}] as Record<string, string>[]) {
    const lines = [
      line({
        ...(key === 'sta' ? { sta: '=s' } : { ...sta, ...(key === 'msd' ? { sta: '=s' } : {}) }),
        e: '=rr',
      }),
      line({ ...sta, ...event, [key]: entry }),
      line({ ...sta, ...event, [key]: two }),
    ]
    for (const field of changedBy(lines, key)) fields.add(field)
  }
  return [...fields].sort()
}

function changedBy(lines: readonly string[], key: CmcdKey): Set<string> {
  const records = lines.map((line) => {
    const record = decodeCmcd(line)
    if ('code' in record) throw new Error(`${line}: ${record.code}`)
    return { record, mode: 'event' as const }
  })
  const [all, less] = [normalised(records), normalised(records, key)]
  const fields = new Set<string>()
  const parsed = (text: string | undefined) =>
    text === undefined ? {} : (JSON.parse(text) as Record<string, unknown>)
  for (let at = 0; at < Math.max(all.length, less.length); at += 1) {
    const [a, b] = [parsed(all[at]), parsed(less[at])]
    if (a.kind !== b.kind) {
      for (const name of ['outcome', 'video_startup_time_ms']) if (name in a || name in b) fields.add(name)
      break
    }
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
      if (JSON.stringify(a[name]) !== JSON.stringify(b[name])) fields.add(name)
  }
  return fields
}

/** The page docs/players/cmcd.md. */
export function conformancePage(seen: readonly Seen[]): string {
  const keysOf = new Map<string, Set<string>>()
  for (const { player, mode, line } of seen) {
    const record = decodeCmcd(line)
    if ('code' in record) continue
    for (const key of [...Object.keys(record.values), ...record.dropped]) {
      const cell = `${player} ${key}`
      keysOf.set(cell, (keysOf.get(cell) ?? new Set()).add(mode))
    }
  }
  const rows = (Object.keys(CMCD_KEYS) as CmcdKey[]).map((key) => {
    const { type, list, unit, help } = CMCD_KEYS[key] as CmcdKeySpec
    const cells = PLAYER_NAMES.map((player) =>
      MODES.filter((mode) => keysOf.get(`${player} ${key}`)?.has(mode)).join(' '),
    )
    const columns = becomes(key).map((name) => `\`${name}\``)
    return `| \`${key}\` | ${list ? 'list of ' : ''}${type}${unit === undefined ? '' : `, ${unit}`} | ${help} | ${columns.join(', ') || '–'} | ${cells.join(' | ')} |`
  })
  const examples = PLAYER_NAMES.flatMap((player) =>
    MODES.flatMap((mode) => {
      const lines = seen.filter((each) => each.player === player && each.mode === mode)
      const longest = lines.sort((a, b) => b.line.length - a.line.length)[0]
      return longest === undefined ? [] : [`${player.padEnd(8)}${mode}  ${longest.line}`]
    }),
  )
  return `# CMCD: what players send and what it becomes

All 49 keys of version 2 (CTA-5004-B), read in their types. Unmodified players from npm, told to send every key they can, played a live
stream in Chromium; a letter says in which mode a key came at least once:
${MODES.map((mode) => `\`${mode}\` ${MODE_HELP[mode]}`).join(', ')}. **Becomes**: the columns of \`heartbeat\` (and \`startup\`) that change when
the key is left out of a report; – is read and checked, and tells nothing that a column holds. Written by
\`npm run bench -- cmcd\`, held by \`test/players/conformance.test.ts\`.

Defects that are mended (and flagged \`value_dropped\`): [collector](../../collector/README.md).

| key | type | what | becomes | ${PLAYER_NAMES.join(' | ')} |
|---|---|---|---|${PLAYER_NAMES.map(() => '---|').join('')}
${rows.join('\n')}

The longest record of each:

\`\`\`
${examples.join('\n')}
\`\`\`
`
}
