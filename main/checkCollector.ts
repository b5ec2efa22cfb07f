import { expectedError } from './expectedError.ts'

const PATIENCE_MS = 5_000

export interface CollectorCheck {
  /** As the command line names it. */
  readonly collector: string
  readonly key: string
  /** What will report: a key may be for one source only, and a page's key is for none. */
  readonly source?: string
}

/**
 * Asks a collector with an empty beacon, before anything is sent, whether it is one and takes this key: what it refuses
 * would be lost without a word.
 * @returns undefined when it takes the key; a sentence when it does not answer yet, since results can wait for it
 * @throws an expected error when waiting cannot help
 */
export async function checkCollector({
  collector,
  key,
  source,
}: CollectorCheck): Promise<string | undefined> {
  if (!URL.canParse(collector) || !/^https?:$/.test(new URL(collector).protocol))
    throw expectedError(`--collector ${collector} is not an address; it begins with http:// or https://`)
  const { origin } = new URL(collector)
  let answer: Response
  try {
    answer = await fetch(new URL('/v1/beacons', origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key, context: { source }, events: [] }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
    if (/WRONG_VERSION|PACKET_LENGTH|EPROTO/.test(cause?.code ?? ''))
      throw expectedError(`--collector: ${origin} speaks http, not https.`)
    return `${origin} does not answer (${cause?.message ?? (error as Error).message}): what is found waits until it does.`
  }
  if (answer.ok || answer.status === 429 || answer.status >= 500) return undefined
  const text = await answer.text()
  let refusal: { code?: string; message?: string; help?: string } = {}
  try {
    refusal = JSON.parse(text) as typeof refusal
  } catch {
    // Another server: it says so below.
  }
  if (refusal.code === undefined)
    throw expectedError(
      `--collector: ${origin} is no collector, it answered ${answer.status}. The collector is on the public port, 8080 by default.`,
    )
  throw expectedError(
    `${origin} takes nothing with this key: ${refusal.message ?? refusal.code}. ${refusal.help ?? ''}`.trim(),
  )
}
