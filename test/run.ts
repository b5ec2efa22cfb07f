/**
 * `npm test`: the check, then every test. Files run beside each other as far as they only wait or compute; those that measure time
 * run one at a time, with the machine to themselves.
 * `npm test -- PATH…` runs only files whose path contains one of the words.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildDist } from '../deploy/build.ts'
import { type Job, runJobs } from './runJobs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)

/** Programs the tests drive: what each is for, and where Debian has it. */
const PROGRAMS = [
  { name: 'ffmpeg', found: ['/usr/bin/ffmpeg'], how: 'apt-get install ffmpeg' },
  {
    name: 'nginx with RTMP',
    found: ['/usr/lib/nginx/modules/ngx_rtmp_module.so'],
    how: 'apt-get install nginx libnginx-mod-rtmp',
  },
  { name: 'Chromium', found: ['/usr/bin/chromium'], how: 'apt-get install chromium' },
  {
    name: 'Alertmanager',
    found: ['/usr/bin/prometheus-alertmanager'],
    how: 'apt-get install prometheus-alertmanager',
  },
  { name: 'Prometheus', found: ['/usr/bin/prometheus', 'prometheus'], how: 'apt-get install prometheus' },
  {
    name: 'Java 17 (JDK)',
    found: ['javac'],
    how: 'apt-get install openjdk-17-jdk-headless (Kafka, a JDBC client)',
  },
  { name: 'Maven', found: ['mvn'], how: 'apt-get install maven (fetches Kafka’s jars)' },
  { name: 'Go', found: ['go'], how: 'https://go.dev/doc/install (builds k6 and the clickhouse-go client)' },
  { name: 'k6', found: ['k6', join(root, '.cache/bin/k6')], how: 'sh k6/ensure.sh --install' },
  { name: 'Python 3 with venv', found: ['python3'], how: 'apt-get install python3 python3-venv' },
]

const onPath = (name: string): boolean =>
  name.startsWith('/')
    ? existsSync(name)
    : (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)))

const missing = PROGRAMS.filter(({ found }) => !found.some(onPath))
if (missing.length > 0 && words.length === 0) {
  console.error(
    'These are needed by tests that use the real thing; nothing is skipped, so please install them first:',
  )
  for (const { name, how } of missing) console.error(`  ${name}: ${how}`)
  process.exit(1)
}

function* testFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    if (name === 'node_modules' || name === 'data' || name === 'dist' || name.startsWith('.')) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* testFiles(path)
    else if (/\.test\.tsx?$/.test(name)) yield relative(root, path)
  }
}

const files = [...testFiles(root)].filter(
  (path) => words.length === 0 || words.some((word) => path.includes(word)),
)
if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exit(1)
}
/** These measure how long something takes, or take both cores: one file at a time, and nothing beside it. */
const ALONE = [
  'test/chaos/chaos',
  'test/console/console',
  'test/link/',
  'test/pipeline/spine',
  'test/players/adapters',
  'test/players/cue',
]
/** Players, encoders and probes here go in real time and take a fifth of a core: two files at a time. */
const PACED = [
  'ingest/agent',
  'ingest/commands',
  'ingest/real',
  'ingest/sei/cue',
  'test/console/',
  'test/k6/',
  'test/players/behaviour',
  'test/probe/faults',
  'test/probe/protocols',
  'test/probe/quorum',
  'test/stream/',
]
/** These compute for two minutes, in virtual time: one after the other they take what the paced ones leave of the processors. */
const COMPUTING = ['test/rehearsal/quiet']
/** The longest of the others, the longest first: they begin first, so that none of them is left over at the end. */
const LONG = [
  'log/kafka.test',
  'test/clients/console',
  'test/chaos/',
  'test/rehearsal/faults',
  'test/rehearsal/restart',
  'test/kafka/brokers',
  'test/docs/blocks',
  'test/rehearsal/http',
  'test/pipeline/kill',
  'test/scale/',
  'test/dashboards/boards',
  'test/analysts/oneDefinition',
  'test/pipeline/ready',
]

const isOf = (begins: readonly string[]) => (path: string) => begins.some((begin) => path.startsWith(begin))
const alone = files.filter(isOf(ALONE))
const paced = files.filter((path) => isOf(PACED)(path) && !alone.includes(path))
const computing = files.filter(isOf(COMPUTING))
const rank = (path: string) => {
  const at = LONG.findIndex((begin) => path.startsWith(begin))
  return at < 0 ? LONG.length : at
}
const others = files
  .filter((path) => ![alone, paced, computing].some((list) => list.includes(path)))
  .sort((a, b) => rank(a) - rank(b))
const unit = others.filter((path) => !path.startsWith('test/'))
const real = others.filter((path) => path.startsWith('test/'))

/** A file that needs a process of its own: it starts others, listens, or changes what all files of a process share. */
const OWN_PROCESS =
  /process\.(chdir|env|exit|on)\b|child_process|spawn|fork\(|execFile|startTest|startKafka|openEmbeddedLog|createServer|listen\(|setTimeout|setImmediate|mock\.|globalThis|(before|after)Each/
const BATCHES = 6

const fileJob = (path: string): Job => ({ name: path, args: [path] })

/** Most of the time of a small test is the start of its process: those that need none of their own share a few. */
function unitJobs(paths: readonly string[]): Job[] {
  const isOwn = (path: string) => OWN_PROCESS.test(readFileSync(join(root, path), 'utf8'))
  const shared = paths.filter((path) => !isOwn(path))
  const batches = Array.from({ length: Math.min(BATCHES, shared.length) }, (_, at) =>
    shared.filter((_, index) => index % BATCHES === at),
  )
  return [
    ...paths.filter(isOwn).map(fileJob),
    ...batches.map((batch) => ({
      name: batch.join(' '),
      args: [
        '--input-type=module',
        '--eval',
        batch
          .map((path) => `await import(${JSON.stringify(pathToFileURL(join(root, path)).href)})`)
          .join('\n'),
      ],
    })),
  ]
}

/** The program built as it is packed, for tests that start it; with its manifest and the launcher beside it. */
async function buildProgram(): Promise<string> {
  const folder = join(root, '.cache/built')
  await buildDist(join(folder, 'dist'))
  mkdirSync(join(folder, 'main'), { recursive: true })
  for (const path of ['package.json', 'main/firstframe.mjs'])
    copyFileSync(join(root, path), join(folder, path))
  return join(folder, 'main/firstframe.mjs')
}

const isWhole = words.length === 0
/** A matrix that takes minutes is whole when it is asked for by name, and a part of it in the whole suite. */
const environment = {
  ...process.env,
  WHICH_TESTS: isWhole ? 'all' : 'named',
  ...(isWhole && { TEST_PROGRAM: await buildProgram() }),
}
const stage = (title: string, jobs: readonly Job[], atOnce: number, beside: readonly Job[] = []) =>
  runJobs({ title, jobs, atOnce, beside, cwd: root, environment })

const check: Job = { name: 'npm run check', command: 'npm', args: ['run', '--silent', 'check'] }
const isGreen = [
  await stage('check', words.length > 0 ? [] : [check], 1),
  await stage(
    `tests beside their code (${unit.length} files)`,
    // What it fetches and builds takes a third place: it waits for the network.
    [...(isWhole ? [fileJob('test/prepare.ts')] : []), ...unitJobs(unit)],
    isWhole ? 3 : 2,
  ),
  await stage(`tests with real parts (${real.length} files)`, real.map(fileJob), 3),
  await stage(
    `tests paced by real time (${paced.length} files), and computing ones (${computing.length})`,
    paced.map(fileJob),
    2,
    computing.map(fileJob),
  ),
  await stage(`tests that measure (${alone.length} files)`, alone.map(fileJob), 1),
]
if (isGreen.includes(false)) process.exit(1)
