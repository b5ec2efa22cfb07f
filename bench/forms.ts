/**
 * A matrix of forms of live streams × verdict: each is made of bytes that a real ffmpeg wrote, served as a live window,
 * and checked as a viewer would meet it. Healthy ones have to be healthy, sick ones sick for the right reason.
 * `npm run bench -- forms [--json] [part of a name]`
 */
import { checkForms } from '../probe/testing/forms/matrix.ts'
import type { BenchOptions } from './run.ts'

export async function run({ json, args }: BenchOptions): Promise<void> {
  const results = await checkForms({
    parallel: 8,
    more: true,
    only: args.find((arg) => !arg.startsWith('--')),
  })
  const wrong = results.filter(({ right }) => !right)
  if (json)
    console.log(JSON.stringify({ forms: results.length, right: results.length - wrong.length, results }))
  else {
    for (const { form, wanted, verdict, reason, right } of results)
      console.log(
        `${right ? 'right' : 'WRONG'}  ${form.padEnd(62)} wanted ${wanted.padEnd(34)} ${verdict} ${reason}`,
      )
    for (const { form, findings } of wrong) console.log(`\n${form}\n  ${findings.join('\n  ')}`)
    console.log(`\n${results.length} forms, ${results.length - wrong.length} right`)
  }
  if (wrong.length > 0) process.exitCode = 1
}
