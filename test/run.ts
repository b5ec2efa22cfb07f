/**
 * `npm test`: the check, then every test. Two files run at a time; those that take both cores run one at a time, so
 * that they measure the thing and not each other.
 * `npm test -- PATH…` runs only files whose path contains one of the words.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** A matrix that takes minutes is whole when it is asked for by name, and a part of it in the whole suite. */
const ENVIRONMENT = { ...process.env, WHICH_TESTS: words.length === 0 ? 'all' : 'named' }

function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`\n── ${title}`)
  const began = process.hrtime.bigint()
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: ENVIRONMENT })
  console.log(
    `── ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${Number((process.hrtime.bigint() - began) / 1_000_000n) / 1000} s`,
  )
  return status === 0
}

const files = [...testFiles(root)].filter(
  (path) => words.length === 0 || words.some((word) => path.includes(word)),
)
if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exit(1)
}
/** These take both cores, or measure what a page does between two frames: one file at a time. */
const ALONE = ['chaos/', 'console/console', 'link/', 'pipeline/kill', 'pipeline/spine']
/** Players, encoders and probes here go in real time and take a fifth of a core: two files at a time. */
const PACED = [
  'console/',
  'k6/',
  'players/adapters',
  'players/behaviour',
  'players/cue',
  'probe/faults',
  'probe/quorum',
  'stream/',
]
const isOf = (folders: readonly string[]) => (path: string) =>
  folders.some((begin) => path.startsWith(`test/${begin}`))
const unit = files.filter((path) => !path.startsWith('test/'))
const alone = files.filter(isOf(ALONE))
const paced = files.filter((path) => isOf(PACED)(path) && !alone.includes(path))
const real = files.filter(
  (path) => path.startsWith('test/') && !alone.includes(path) && !paced.includes(path),
)
const node = (concurrency: number, paths: readonly string[]) => [
  '--import',
  'tsx',
  '--test',
  `--test-concurrency=${concurrency}`,
  '--test-timeout=600000',
  ...paths,
]

const ok = [
  words.length > 0 || run('check', 'npm', ['run', '--silent', 'check']),
  unit.length === 0 || run(`tests beside their code (${unit.length} files)`, process.execPath, node(2, unit)),
  real.length === 0 || run(`tests with real parts (${real.length} files)`, process.execPath, node(2, real)),
  paced.length === 0 ||
    run(`tests paced by real time (${paced.length} files)`, process.execPath, node(2, paced)),
  alone.length === 0 || run(`tests that measure (${alone.length} files)`, process.execPath, node(1, alone)),
]
if (ok.includes(false)) process.exit(1)
