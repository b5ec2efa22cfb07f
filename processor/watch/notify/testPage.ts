import type { Incident } from '../../../schemas/incident.ts'
import { createAddressGuard } from './addressGuard.ts'
import { dialectOf } from './dialects.ts'
import { type Answer, post } from './post.ts'
import type { ReceiverConfig } from './receiverConfig.ts'

/** An incident that says of itself that it is a test. @param at_ms ms since the epoch */
const testIncident = (at_ms: number, dashboard: string): Incident => ({
  id: `test-${at_ms.toString(36)}`,
  tenant: '',
  show: 'test',
  stream: 'test',
  family: 'media',
  version: 1,
  state: 'open',
  severity: 'critical',
  rule: 'rebuffering_ratio-baseline',
  metric: 'rebuffering_ratio',
  hop: 'player',
  cause: {},
  explains: 1,
  confidence: 1,
  viewers: 0,
  value: 0,
  baseline: 0,
  began_ms: at_ms,
  opened_ms: at_ms,
  updated_ms: at_ms,
  resolved_ms: 0,
  reopened: 0,
  paged: true,
  summary_en: 'TEST page from Firstframe: nothing is wrong',
  summary_zh: '【测试】来自 Firstframe 的测试告警：一切正常',
  evidence: { because: 'test', player_only: false, clean: [], symptoms: [], dashboard, runbook: '' },
  children: [],
})

/** What came of a test page. */
export interface TestResult {
  readonly ok: boolean
  /** The answer in words: status and the first line of its body, or why nothing could be sent. */
  readonly text: string
}

/**
 * Sends a page that is marked as a test, then its end, the same way as a real page: the receiver's form, its signature
 * and the guard of addresses.
 */
export async function sendTestPage(
  receiver: ReceiverConfig,
  { dashboard, now_ms }: { readonly dashboard: string; readonly now_ms: number },
): Promise<TestResult> {
  const dialect = dialectOf(receiver)
  const guard = createAddressGuard(receiver.allow)
  const incident = testIncident(now_ms, dashboard)
  const first = { severity: incident.severity, hop: incident.hop, rule: incident.rule }
  const answerTo = (event: 'page' | 'resolve'): Promise<Answer> => {
    const state = event === 'resolve' ? ({ state: 'resolved', resolved_ms: now_ms } as const) : {}
    return post(dialect.compose({ event, incident: { ...incident, ...state }, first }, now_ms), guard)
  }
  try {
    const answer = await answerTo('page')
    const taken = answer.status >= 200 && answer.status < 300
    const ok = taken && (dialect.judge?.(answer.body) ?? 'taken') === 'taken'
    if (ok) await answerTo('resolve')
    const line = answer.body.trim().split('\n')[0]!.slice(0, 200)
    return { ok, text: `answered ${answer.status}${line === '' ? '' : `: ${line}`}` }
  } catch (error) {
    const hint = / may be reached/.test((error as Error).message)
      ? '; `allow` of this receiver permits addresses inside your network (docs/receivers.md)'
      : ''
    return { ok: false, text: `nothing was sent: ${(error as Error).message}${hint}` }
  }
}
