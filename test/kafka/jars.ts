import { type ExecFileException, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { madeOnce } from '../madeOnce.ts'

const POM = fileURLToPath(new URL('pom.xml', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/kafka', import.meta.url))
const LONGEST_FETCH_MS = 300_000

const HOW = 'On Debian: apt-get install -y maven default-jre-headless (Java 17 or newer).'

/**
 * The folder with the jars of a `pom.xml`; by default a Kafka broker's (43 MB), fetched once from Maven Central into `.cache/kafka` by whoever comes
 * first. Throws an error that says what is missing and how to get it when Maven or Java is not there.
 */
export async function kafkaJars({
  cache = CACHE,
  pom = POM,
}: {
  cache?: string
  pom?: string
} = {}): Promise<string> {
  await mustRun('java', ['-version'], 'It needs Java.')
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  const folder = join(cache, version)
  if (existsSync(folder)) return folder
  await mustRun('mvn', ['-v'], 'Its jars are fetched by Maven.')
  await madeOnce({
    cache,
    name: version,
    isMade: () => existsSync(folder),
    make: () => fetchJars(folder, pom),
  })
  return folder
}

async function fetchJars(folder: string, pom: string): Promise<void> {
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  const result = await run('mvn', [
    ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${partial}`],
  ])
  if (result.error !== null)
    throw new Error(`Maven could not fetch Kafka's jars:\n${result.output.slice(-2_000)}`, {
      cause: result.error,
    })
  renameSync(partial, folder)
}

async function mustRun(command: string, args: string[], why: string): Promise<void> {
  const { error, output } = await run(command, args)
  if (error === null) return
  const reason =
    error.code === 'ENOENT' ? `\`${command}\` is not installed` : `\`${command}\` fails: ${output.trim()}`
  throw new Error(`${why} ${reason}. ${HOW}`, { cause: error })
}

export function run(
  command: string,
  args: string[],
): Promise<{ error: ExecFileException | null; output: string }> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: LONGEST_FETCH_MS }, (error, stdout, stderr) =>
      resolve({ error, output: `${stdout}${stderr}` }),
    )
  })
}
