import { rename, writeFile } from 'node:fs/promises'
import { nearest } from '../../schemas/nearest.ts'
import type { ShowPlan } from '../../schemas/showPlan.ts'
import { consoleBase, QueryError, refusedBy } from '../query/consoleErrors.ts'
import { askRows, type Rows } from './ask.ts'
import { collect, type Scope } from './collect.ts'
import { reportPage } from './html.ts'
import { reportMarkdown } from './markdown.ts'
import type { Lang } from './words.ts'

const DAY_MS = 86_400_000

/** Reads the plan of a show over a time, where the console keeps one. */
export type ReadPlan = (scope: Scope) => Promise<ShowPlan | undefined>

/** What a report is made from, beside rows. */
export interface ReportSource extends Omit<ReportOptions, 'url' | 'out' | 'token'> {
  readonly markdown: boolean
  /** The console's address, for links; '' is the console that serves the report. */
  readonly console: string
  readonly plan?: ReadPlan
}

export interface ReportOptions {
  readonly show: string
  /** The console's address. */
  readonly url: string
  /** API token, for a console that asks people to sign in. */
  readonly token?: string
  readonly lang: Lang
  readonly tenant?: string
  readonly from?: string
  readonly to?: string
  readonly out?: string
  /** The zone its times are in, e.g. `Asia/Shanghai`. Default: UTC. */
  readonly zone?: string
  readonly clock: () => number
}

function time(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(/Z|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`)
  if (Number.isNaN(at)) throw new QueryError(`--${name} is no time: ${text} (like 2026-11-20T12:00:00Z)`)
  return at
}

/** The show's tenant and its time, from what was asked for and what the store has of the last seven days. */
async function scopeOf(
  rows: Rows,
  options: Pick<ReportOptions, 'show' | 'tenant' | 'clock' | 'from' | 'to'>,
): Promise<Scope> {
  const { show, tenant, clock } = options
  const [from, to] = [time(options.from, 'from'), time(options.to, 'to')]
  if (from !== undefined && to !== undefined && from >= to) throw new QueryError('--from is not before --to')
  const end_ms = to ?? clock() + DAY_MS
  const found = await rows<{ tenant: string; first_ms: number; last_ms: number }>(
    `SELECT tenant, toFloat64(toUnixTimestamp(min(time))) * 1000 AS first_ms, toFloat64(toUnixTimestamp(max(time))) * 1000 + 60000 AS last_ms
     FROM heartbeat_1m WHERE show = {show:String} AND ({tenant:String} = '' OR tenant = {tenant:String})
       AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})
     GROUP BY tenant ORDER BY tenant`,
    {
      show,
      tenant: tenant ?? '',
      from_ms: String(from ?? end_ms - 8 * DAY_MS),
      to_ms: String(end_ms),
    },
  )
  if (found.length === 0) {
    const others = await rows<{ show: string }>(
      "SELECT show FROM heartbeat_1m WHERE show != '' GROUP BY show ORDER BY max(time) DESC LIMIT 20",
      {},
    )
    const names = others.map((each) => each.show)
    throw new QueryError(
      `nobody watched ${show} ${from === undefined ? 'in the last seven days' : 'in that time'}; --from and --to name another${nearest(show, names) || '.'} Shows here: ${names.join(', ') || 'none'}.`,
    )
  }
  if (found.length > 1)
    throw new QueryError(`${show} is a show of ${found.map((each) => each.tenant).join(', ')}: give --tenant`)
  const only = found[0]!
  return { tenant: only.tenant, show, from_ms: from ?? only.first_ms, to_ms: to ?? only.last_ms }
}

/** The report of a show as HTML or Markdown. Throws QueryError for whatever a person can mend. */
export async function reportOf(rows: Rows, options: ReportSource): Promise<string> {
  const { lang, console: address, markdown } = options
  const zone = zoneOf(options.zone)
  const scope = await scopeOf(rows, options)
  const [data, plan] = await Promise.all([collect(rows, scope), options.plan?.(scope)])
  const look = { lang, zone, console: address.replace(/\/$/, '') }
  return markdown ? reportMarkdown({ ...data, plan }, look) : reportPage({ ...data, plan }, look)
}

/** The zone that was asked for; UTC by default. */
function zoneOf(zone = 'UTC'): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    throw new QueryError(`--zone is no time zone: ${zone} (like Asia/Shanghai)`)
  }
}

/** The plan of a show, from the console. */
async function askPlan({ url, token }: ReportOptions, scope: Scope): Promise<ShowPlan | undefined> {
  const query = new URLSearchParams({
    tenant: scope.tenant,
    from: String(Math.round(scope.from_ms)),
    to: String(Math.round(scope.to_ms)),
  })
  const address = `${consoleBase(url)}/api/plan/${encodeURIComponent(scope.show)}?${query}`
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` }
  const answer = await fetch(address, { headers })
  // An older console keeps none.
  if (answer.status === 404) return undefined
  if (!answer.ok) throw refusedBy(url, answer.status, await answer.text())
  return (await answer.json()) as ShowPlan
}

/** Writes the report of a show and gives the file's name; a name that ends in .md makes it Markdown. Throws QueryError for whatever a person can mend. */
export async function writeReport(options: ReportOptions): Promise<string> {
  const ending = /\.[^./]*$/.exec(options.out ?? '.html')?.[0] ?? ''
  if (!['.html', '.htm', '.md'].includes(ending))
    throw new QueryError(`--out ${options.out}: a report is written as .html or .md`)
  const rows = askRows(options.url, options.token)
  const markdown = options.out?.endsWith('.md') ?? false
  const plan = (scope: Scope) => askPlan(options, scope)
  const text = await reportOf(rows, { ...options, markdown, console: options.url, plan })
  const out = options.out ?? `report-${options.show.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.html`
  await writeFile(`${out}.part`, text)
  await rename(`${out}.part`, out)
  return out
}
