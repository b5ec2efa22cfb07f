import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askStore, STORE_COMMAND, startTestStore } from '../../store/testing.ts'
import { type Attempt, makeCorpus } from './corpus.ts'

export interface CorpusResult {
  readonly attempts: number
  readonly answered: number
  /** Attempts whose answer held the text of the file. */
  readonly leaked: readonly string[]
  /** Connections that reached the listening address. */
  readonly connections: number
  /** Files that appeared in the folder. */
  readonly made: readonly string[]
  /** From the trace of the store's system calls: connections to any address, and openings of the file. Only with `trace`. */
  readonly traced?: { readonly connects: number; readonly opens: number; readonly lines: readonly string[] }
  readonly by: Readonly<Record<string, number>>
}

const CANARY = 'CANARY-5f1d2c'

/**
 * Sends the corpus to a store of its own as its reader (and, if asked, as who writes) and counts what reached a file or the network.
 * @param options.every take each n-th attempt of the lists of functions and settings
 * @param options.trace run the store under strace
 */
export async function runCorpus(options: {
  readonly every: number
  readonly trace: boolean
  readonly user: 'reader' | 'writer'
}): Promise<CorpusResult> {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-corpus-'))
  const file = join(folder, 'canary.csv')
  await writeFile(file, `${CANARY},b\n${CANARY},2\n`)
  let connections = 0
  const sink = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(sink.address() as AddressInfo).port}`
  const trace = join(folder, 'trace.txt')
  const store = await startTestStore({
    command: options.trace
      ? [
          'strace' as const,
          '-f',
          '-qq',
          '--seccomp-bpf',
          '-e',
          'trace=connect,open,openat,openat2,creat',
          '-o',
          trace,
          ...STORE_COMMAND,
        ]
      : undefined,
    hung_ms: 120_000,
    server: { readerLimits: { max_execution_time: 2, max_memory_usage: 2e8, max_result_rows: 10_000 } },
  })
  try {
    await store.store.exec('CREATE TABLE t (n String) ENGINE = MergeTree ORDER BY n')
    const names = async (query: string) =>
      (await store.store.query<{ name: string }>(query)).map(({ name }) => name)
    const lists = {
      functions: await names('SELECT name FROM system.functions ORDER BY name'),
      tableFunctions: await names('SELECT name FROM system.table_functions ORDER BY name'),
      formats: await names('SELECT name FROM system.formats ORDER BY name'),
      settings: await names('SELECT name FROM system.settings ORDER BY name'),
    }
    const corpus = [...makeCorpus(lists, { file, folder, host, url: `http://${host}/x` })].filter(
      ({ list }, index) =>
        (list === 'formats' && index % Math.ceil(options.every / 10) === 0) ||
        list === 'syntax' ||
        index % options.every === 0,
    )
    const before = options.trace ? await counted(trace, file) : { connects: 0, opens: 0, lines: [] }
    const leaked: string[] = []
    const by: Record<string, number> = {}
    let answered = 0
    const as = options.user === 'reader' ? { url: store.url, user: store.reader } : store
    const ask = async ({ list, query, args }: Attempt) => {
      by[list] = (by[list] ?? 0) + 1
      const { status, text } = await askStore(as, { body: query, args: { ...args, wait_end_of_query: '1' } })
      if (status === 200) answered += 1
      // the message of a syntax error repeats the query, so a text of the file is looked for, not its name
      if (text.includes(CANARY)) leaked.push(`${query} ${JSON.stringify(args)}: ${text.slice(0, 200)}`)
    }
    const queue = corpus[Symbol.iterator]()
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (const attempt of queue) await ask(attempt)
      }),
    )
    const found = options.trace ? await counted(trace, file) : undefined
    return {
      attempts: corpus.length,
      answered,
      leaked,
      connections,
      made: (await readdir(folder)).filter((name) => !['canary.csv', 'trace.txt'].includes(name)),
      traced: found && {
        connects: found.connects - before.connects,
        opens: found.opens - before.opens,
        lines: found.lines,
      },
      by,
    }
  } finally {
    await store.stop()
    await new Promise((resolve) => sink.close(resolve))
    await rm(folder, { recursive: true, force: true })
  }
}

async function counted(
  trace: string,
  file: string,
): Promise<{ connects: number; opens: number; lines: readonly string[] }> {
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const opens = lines.filter((line) => /(open|creat)/.test(line) && line.includes(file))
  const connects = lines.filter((line) => /connect\(/.test(line) && /AF_INET/.test(line))
  return { connects: connects.length, opens: opens.length, lines: [...opens, ...connects] }
}
