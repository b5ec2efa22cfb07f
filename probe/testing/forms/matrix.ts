import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../../check.ts'
import { dashForms } from './dashForms.ts'
import { ENCODING_NAMES, makeEncoding } from './encodings.ts'
import { type Encodings, type Form, hlsForms } from './hlsForms.ts'
import { startLiveServer } from './liveServer.ts'
import { moreForms } from './moreForms.ts'

export interface FormResult {
  readonly form: string
  readonly wanted: string
  readonly verdict: string
  readonly reason: string
  readonly detail: string
  /** The verdict, the reason and the notice are the wanted ones. */
  readonly right: boolean
  readonly findings: readonly string[]
}

const DURATION_MS = 4_600

/** Every form, once, `parallel` at a time. */
export async function checkForms(options: {
  readonly parallel: number
  readonly only?: string
  /** Also the forms that the short matrix leaves out. */
  readonly more?: boolean
}): Promise<FormResult[]> {
  const clock = () => performance.timeOrigin + performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-forms-'))
  try {
    const made = []
    for (const name of ENCODING_NAMES) made.push([name, await makeEncoding(name, folder)])
    const all = Object.fromEntries(made) as Encodings
    const more = options.more ? await moreForms(all, folder, clock) : []
    const forms = [...hlsForms(all, clock), ...dashForms(all, clock), ...more].filter(({ name }) =>
      name.includes(options.only ?? ''),
    )
    const server = await startLiveServer(new Map(forms.map(({ name, handle }) => [name, handle])), clock)
    const results: FormResult[] = []
    const left = [...forms]
    const work = async () => {
      for (let form = left.shift(); form !== undefined; form = left.shift())
        results.push(await checkForm(form, server.url(form.name, form.entry), clock))
    }
    await Promise.all(Array.from({ length: options.parallel }, work))
    await server.stop()
    return forms.map(({ name }) => results.find((result) => result.form === name) as FormResult)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkForm(form: Form, url: string, clock: () => number): Promise<FormResult> {
  const result = await check(url, {
    clock,
    duration_ms: DURATION_MS,
    timeout_ms: 3_000,
    headers: form.headers,
    // A busy machine is no fault of a form.
    limits: { stalled_ms: 4_000, first_byte_ms: 4_000 },
  })
  const findings = result.findings.map(({ reason, detail }) => `${reason}: ${detail}`)
  const noticed = form.notice === undefined || result.findings.some(({ reason }) => reason === form.notice)
  return {
    form: form.name,
    wanted: form.reason || (form.notice === undefined ? 'healthy' : `healthy, ${form.notice}`),
    verdict: result.verdict,
    reason: result.reason,
    detail: result.detail,
    right: result.reason === form.reason && noticed,
    findings,
  }
}
