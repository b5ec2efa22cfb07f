/**
 * Makes what several tests take from elsewhere and build once: Kafka's and JDBC's jars, an analyst's Python, the Go programs. The suite runs
 * it beside its first tests. What fails here is not said: the test that needs it says how to get it.
 */
import { fileURLToPath } from 'node:url'
import { preparePython } from './clients/python.ts'
import { run } from './clients/run.ts'
import { kafkaJars } from './kafka/jars.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const goBuild = (folder: string) =>
  run('go', ['build', '-buildvcs=false', '-o', '/dev/null', './...'], { cwd: at(folder), howToGet: '' })

await kafkaJars().catch(() => undefined)
await Promise.allSettled([
  preparePython(),
  kafkaJars({ cache: at('../.cache/jdbc'), pom: at('clients/java/pom.xml') }),
  goBuild('clients/go').then(() => goBuild('deploy/go')),
])
