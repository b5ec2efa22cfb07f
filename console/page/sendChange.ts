/** Longest that an answer to a change is waited for, ms. */
const WAIT_MS = 5_000

/** Sends a change to the console. Resolves to why it was not done; undefined when it was. */
export async function sendChange(
  method: 'PUT' | 'DELETE' | 'POST',
  url: string,
  body?: object,
): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method,
      headers: body === undefined ? undefined : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(WAIT_MS),
    })
    if (answer.ok) return undefined
    const { error } = (await answer.json().catch(() => ({}))) as {
      error?: { message: string; detail?: string }
    }
    return error?.detail ?? error?.message ?? String(answer.status)
  } catch (error) {
    return (error as Error).message
  }
}
