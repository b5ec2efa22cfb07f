import type { Answer } from '../../schemas/eventRoute.ts'
import { REASONS, type Reason, type Refusal } from '../../schemas/reasons.ts'

export const NO_CONTENT: Answer = { status: 204 }

const JSON_TYPE = 'application/json; charset=utf-8'

/** An answer with a JSON body. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  contentType: JSON_TYPE,
  body: JSON.stringify(value),
})

/** The whole request is refused: `{ code, message, help }` under the reason's status. */
export function refused({ code, detail }: Refusal, retryAfter?: number): Answer {
  const { status, help, retry } = REASONS[code]
  const message = detail === undefined ? code.replaceAll('_', ' ') : `${code.replaceAll('_', ' ')}: ${detail}`
  const answer = json({ code, message, help }, status)
  return retry ? { ...answer, retryAfter: retryAfter ?? 1 } : answer
}

/** The answer of a refusal: its HTTP status and body follow from the reason in the catalogue. */
export const refusedFor = (code: Reason, detail?: string): Answer =>
  refused(detail === undefined ? { code } : { code, detail })
