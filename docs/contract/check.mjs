#!/usr/bin/env node
// Checks an SDK against the HTTP contract. No dependencies: it may be copied out of this repository.
//
//   node check.mjs --url http://127.0.0.1:8080 --key demo     posts every vector and compares the answers
//   node check.mjs --capture beacons.jsonl --vector 01        compares what an SDK sent with the vector's script
//
// A capture has one body of POST /v1/beacons a line, in the order in which they were sent.
import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const FOLDER = new URL('./vectors/', import.meta.url)

/** Every vector by its file's name. */
export function readVectors() {
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
  return names.map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) }))
}

/** Puts times in place of `$now`, `$now-5000`, `$now+20`. */
export function withTimes(value, now_ms) {
  if (typeof value === 'string') {
    const found = /^\$now([+-]\d+)?$/.exec(value)
    return found === null ? value : now_ms + Number(found[1] ?? 0)
  }
  if (Array.isArray(value)) return value.map((each) => withTimes(each, now_ms))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTimes(each, now_ms)]))
}

/** The body of a vector as it goes over the wire. */
export const bodyOf = ({ body }, now_ms) =>
  typeof body === 'string' ? body : JSON.stringify(withTimes(body, now_ms))

/** What is wrong with an answer, in words; an empty list: it is the one of the vector. */
export function compareAnswer({ answer }, status, text) {
  const problems = []
  if (status !== answer.status)
    problems.push(`the status is ${status}, and should be ${answer.status}: ${text.slice(0, 200)}`)
  if (answer.refused !== undefined && status === 200) {
    const refused = JSON.parse(text).refused.map(({ index, code }) => [index, code])
    if (JSON.stringify(refused) !== JSON.stringify(answer.refused))
      problems.push(`refused are ${JSON.stringify(refused)}, and should be ${JSON.stringify(answer.refused)}`)
  }
  return problems
}

const SPANS = ['played_ms', 'stalled_ms', 'paused_ms', 'seeking_ms']
/** An SDK's timers are not exact: a total may be off by this, or by a tenth. */
const SLACK_MS = 300

/** What is wrong with the beacons that an SDK sent while it followed a vector's script, in words. */
export function compareCapture({ totals, script }, bodies) {
  if (totals === undefined) return ['this vector has no script to follow']
  const problems = []
  const events = bodies.flatMap((body) => (body.events ?? []).map((event) => ({ ...body.context, ...event })))
  const sum = (field) => events.reduce((total, event) => total + (event[field] ?? 0), 0)
  const near = (field, got, wanted) => {
    if (Math.abs(got - wanted) > Math.max(SLACK_MS, wanted / 10))
      problems.push(`${field} is ${got} ms in all, and should be about ${wanted}`)
  }
  const sessions = new Set(events.map(({ session }) => session))
  if (sessions.size !== 1 || sessions.has(undefined))
    problems.push(`one playback is one session, here are ${sessions.size}`)
  const numbers = events.map(({ seq }) => seq)
  if (numbers.some((seq, index) => !(seq > (numbers[index - 1] ?? 0))))
    problems.push(`seq has to grow with each event: ${numbers.join(' ')}`)
  const startups = events.filter(({ kind }) => kind === 'startup')
  if (startups.length !== 1) problems.push(`${startups.length} startup events; each playback has one`)
  for (const [field, wanted] of Object.entries(totals.startup)) {
    const got = startups[0]?.[field]
    if (typeof wanted === 'number') near(`startup.${field}`, got ?? 0, wanted)
    else if (got !== wanted) problems.push(`startup.${field} is ${got}, and should be ${wanted}`)
  }
  for (const field of ['played_ms', 'stalled_ms', 'paused_ms']) near(field, sum(field), totals[field])
  if (sum('stall_count') !== totals.stall_count)
    problems.push(`stall_count is ${sum('stall_count')} in all, and should be ${totals.stall_count}`)
  for (const event of events.filter(({ kind }) => kind === 'heartbeat')) {
    const spent = SPANS.reduce((total, field) => total + (event[field] ?? 0), 0)
    if (spent > event.interval_ms + 50)
      problems.push(`heartbeat ${event.seq}: ${spent} ms were spent in an interval of ${event.interval_ms}`)
    if (event.interval_ms > 11_000)
      problems.push(
        `heartbeat ${event.seq}: an interval of ${event.interval_ms} ms; send at least every 10 s`,
      )
  }
  const whole_ms = script.slice(1).reduce((total, { for_ms }) => total + for_ms, 0)
  if (script.length > 1) near('interval_ms', sum('interval_ms'), whole_ms)
  return problems
}

async function main(args) {
  const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  const [url, capture, key = 'demo'] = [option('--url'), option('--capture'), option('--key')]
  if (url === undefined && capture === undefined)
    throw new Error('give --url URL, or --capture FILE --vector NUMBER')
  const wanted = option('--vector') ?? ''
  let wrong = 0
  for (const vector of readVectors().filter(({ name }) => name.startsWith(wanted))) {
    let problems
    if (capture === undefined) {
      const answer = await fetch(`${url}/v1/beacons?key=${vector.key ?? key}`, {
        method: 'POST',
        body: bodyOf(vector, Date.now()),
      })
      problems = compareAnswer(vector, answer.status, await answer.text())
    } else if (vector.totals === undefined) continue
    else {
      const lines = readFileSync(capture, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
      problems = compareCapture(
        vector,
        lines.map((line) => JSON.parse(line)),
      )
    }
    console.log(`${problems.length === 0 ? 'right' : 'WRONG'}  ${vector.name}`)
    for (const problem of problems) console.log(`       ${problem}`)
    wrong += problems.length
  }
  if (wrong > 0) process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  main(process.argv.slice(2)).catch((error) => {
    console.error(error.message)
    process.exitCode = 2
  })
