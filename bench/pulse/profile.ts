import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

interface CallFrame {
  readonly functionName: string
  readonly url: string
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** The environment of processes that `startProfile` can profile, for `NODE_OPTIONS` beside what they have. */
export function profiled(options = ''): { NODE_OPTIONS: string; PROFILE_FOLDER: string } {
  const hook = fileURLToPath(new URL('./profiled.mjs', import.meta.url))
  return {
    NODE_OPTIONS: `--import ${hook} ${options}`.trim(),
    PROFILE_FOLDER: mkdtempSync(join(tmpdir(), 'firstframe-profile-')),
  }
}

/** Profiles the processes of these roles until the function it returns is called: µs by function, of each role. */
export function startProfile(
  folder: string,
  pids: Readonly<Record<string, readonly number[]>>,
): () => Promise<Record<string, Map<string, number>>> {
  const signal = (): void => {
    for (const pid of Object.values(pids).flat()) process.kill(pid, 'SIGUSR2')
  }
  signal()
  return async () => {
    signal()
    const wanted = Object.values(pids).flat().length
    while (readdirSync(folder).length < wanted) await pause(100)
    await pause(500)
    return Object.fromEntries(
      Object.entries(pids).map(([role, of]) => {
        const sums = new Map<string, number>()
        for (const pid of of) addSelfTime(sums, readFileSync(join(folder, `${pid}.cpuprofile`), 'utf8'))
        return [role, sums]
      }),
    )
  }
}

/** Adds the time that each function itself took, µs; without what the thread waited. */
function addSelfTime(sums: Map<string, number>, text: string): void {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as CpuProfile
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  for (let at = 0; at < samples.length; at += 1) {
    const name = names.get(samples[at]!)!
    if (name !== '(idle)') sums.set(name, (sums.get(name) ?? 0) + (timeDeltas[at + 1] ?? 0))
  }
}

function nameOf({ functionName, url }: CallFrame): string {
  const file = /([^/]+\/)?[^/]+$/.exec(url.replace(/^.*node_modules\//, ''))?.[0] ?? ''
  return `${functionName || '(anonymous)'} ${file}`.trim()
}
