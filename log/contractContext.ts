import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Log, LogMessage, LogRecord, ReplayOptions, TopicSpec } from './log.ts'

/** What a log must offer to be put under the contract. */
export interface LogUnderTest {
  /** Opens the log at a place of its own; the same `at` gives the same messages again. */
  open(at: string, topics: readonly TopicSpec[]): Promise<Log>
  /** What `contractChild.ts` needs to open the same log in another process. */
  child(at: string): Readonly<Record<string, unknown>>
  /** How long a condition may take to come true, ms: a group's join on Kafka takes seconds. */
  readonly patience_ms: number
}

export const text = (record: { value: Uint8Array }): string => Buffer.from(record.value).toString()

/** What the contract's tests share: logs at places of their own, other processes, and an end to all of them. */
export function contractContext(log: LogUnderTest) {
  const opened = new Set<Log>()
  const children = new Set<ChildProcess>()
  let number = 0

  async function begin(
    spec: Partial<TopicSpec> = {},
  ): Promise<{ at: string; topic: string; topics: TopicSpec[]; log: Log }> {
    number += 1
    const at = `contract-${process.pid}-${number}`
    const topic = `${at}-topic`
    const topics = [{ name: topic, partitions: 2, ...spec }]
    return { at, topic, topics, log: await reopen(at, topics) }
  }
  async function reopen(at: string, topics: readonly TopicSpec[]): Promise<Log> {
    const entry = await log.open(at, topics)
    opened.add(entry)
    return entry
  }
  async function close(entry: Log): Promise<void> {
    opened.delete(entry)
    await entry.close()
  }
  const message = (
    topic: string,
    value: string | Uint8Array,
    more: Partial<LogMessage> = {},
  ): LogMessage => ({
    topic,
    partition: 0,
    headers: {},
    value: typeof value === 'string' ? Buffer.from(value) : value,
    ...more,
  })
  async function all(entry: Log, options: ReplayOptions): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    for await (const record of entry.replay(options)) records.push(record)
    return records
  }
  async function until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + log.patience_ms
    while (!condition()) {
      assert.ok(performance.now() < end, `${what}: not within ${log.patience_ms} ms`)
      await pause(5)
    }
  }
  async function child(task: Record<string, unknown>): Promise<ChildProcess> {
    const script = fileURLToPath(new URL('contractChild.ts', import.meta.url))
    const argument = JSON.stringify(task)
    const entry = spawn(process.execPath, ['--import', 'tsx', script, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.add(entry)
    const lines = createInterface({ input: entry.stdout! })
    const [line] = (await Promise.race([
      once(lines, 'line'),
      once(entry, 'exit').then(() => ['it exited']),
    ])) as [string]
    assert.equal(line, 'done')
    return entry
  }
  async function kill(entry: ChildProcess): Promise<void> {
    children.delete(entry)
    entry.kill('SIGKILL')
    await once(entry, 'exit')
  }
  async function end(): Promise<void> {
    for (const entry of children) entry.kill('SIGKILL')
    for (const item of opened) await item.close()
  }
  return { begin, reopen, close, message, all, until, child, kill, end }
}
