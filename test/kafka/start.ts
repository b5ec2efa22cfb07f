import { type ChildProcess, spawn } from 'node:child_process'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../stream/freePort.ts'
import { kafkaJars, run } from './jars.ts'

export interface Broker {
  /** `host:port`, the same after a restart. */
  readonly address: string
  /** The process's number now; it changes with a restart. */
  readonly pid: number | undefined
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again on its port and data; resolves when it serves. */
  restart(): Promise<void>
}

export interface Secure {
  /** PEM: the brokers' key (PKCS 8) and certificate. */
  readonly key: string
  readonly cert: string
  readonly username: string
  readonly password: string
}

export interface Kafka {
  /** All brokers, as a client wants them. */
  readonly bootstrap: readonly string[]
  readonly brokers: readonly Broker[]
  /** Kills what runs and removes the data. */
  stop(): Promise<void>
}

/**
 * Starts real Kafka brokers on free loopback ports, each broker and controller at once (KRaft), and resolves when they
 * serve: one in about 5 s, three in 10–20 s, 350 MB each. Topics are not made by themselves. With three brokers topics
 * have three replicas, two of which must have a message, and a killed broker is fenced after 3 s.
 * Throws an error that says what is missing and how to get it when Maven or Java is not there.
 */
export async function startKafka(options: {
  readonly brokers: 1 | 3
  /** Clients must speak TLS and name themselves (SASL PLAIN). */
  readonly secure?: Secure
}): Promise<Kafka> {
  const { brokers: count, secure } = options
  const jars = await kafkaJars()
  const root = mkdtempSync(join(tmpdir(), 'firstframe-kafka-'))
  const ports = await Promise.all(Array.from({ length: count * 2 }, freePort))
  const quorum = Array.from({ length: count }, (_, i) => `${i + 1}@127.0.0.1:${ports[count + i]}`).join(',')
  const running = new Map<number, ChildProcess>()
  const killAll = (): void => {
    for (const child of running.values()) child.kill('SIGKILL')
  }
  // A test that ends by an exception must not leave brokers behind.
  process.once('exit', killAll)

  const brokers = await Promise.all(
    Array.from({ length: count }, async (_, i): Promise<Broker> => {
      const id = i + 1
      const folder = join(root, String(id))
      mkdirSync(folder)
      writeFileSync(join(folder, 'log4j2.xml'), LOG4J)
      if (secure !== undefined) writeFileSync(join(folder, 'broker.pem'), `${secure.key}${secure.cert}`)
      writeFileSync(
        join(folder, 'server.properties'),
        properties({ id, count, folder, port: ports[i]!, controllerPort: ports[count + i]!, quorum, secure }),
      )
      await format(jars, folder)
      return {
        address: `127.0.0.1:${ports[i]}`,
        get pid() {
          return running.get(id)?.pid
        },
        async kill() {
          const child = running.get(id)
          running.delete(id)
          if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
          const gone = new Promise((resolve) => child.once('exit', resolve))
          child.kill('SIGKILL')
          await gone
        },
        restart: () => launch(jars, folder, (child) => running.set(id, child)),
      }
    }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.kill()))
    process.removeListener('exit', killAll)
    rmSync(root, { recursive: true, force: true })
  }
  try {
    await Promise.all(brokers.map((broker) => broker.restart()))
  } catch (error) {
    await stop()
    throw error
  }
  return { bootstrap: brokers.map((broker) => broker.address), brokers, stop }
}

const CLUSTER_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const START_WITHIN_MS = 90_000
const JAVA = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

async function format(jars: string, folder: string): Promise<void> {
  const { error, output } = await run('java', [
    ...[...JAVA, '-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format'],
    ...['-t', CLUSTER_ID, '-c', join(folder, 'server.properties')],
  ])
  if (error !== null) throw new Error(`a broker's storage could not be made:\n${output}`, { cause: error })
}

async function launch(jars: string, folder: string, started: (child: ChildProcess) => void): Promise<void> {
  const java = [
    ...['java', ...JAVA, `-Dlog4j2.configurationFile=${join(folder, 'log4j2.xml')}`],
    ...['-cp', join(jars, '*'), 'kafka.Kafka', join(folder, 'server.properties')],
  ]
  // Where the system can, a broker dies with the test that started it, even when that is killed.
  const [command, ...args] = existsSync('/usr/bin/setpriv')
    ? ['setpriv', '--pdeathsig', 'KILL', ...java]
    : java
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  started(child)
  const file = join(folder, 'broker.log')
  const log = createWriteStream(file, { flags: 'a' })
  child.stderr!.pipe(log, { end: false })
  await new Promise<void>((resolve, reject) => {
    const tail = (): string => readFileSync(file, 'utf8').slice(-3_000)
    const late = setTimeout(() => reject(new Error(`a broker does not serve:\n${tail()}`)), START_WITHIN_MS)
    let line = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      log.write(chunk)
      line = (line + chunk.toString()).slice(-8_000)
      if (!line.includes('Kafka Server started')) return
      clearTimeout(late)
      resolve()
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      log.end(() => reject(new Error(`a broker ended (${code ?? signal}):\n${tail()}`)))
    })
  })
}

interface BrokerPlace {
  readonly id: number
  readonly count: number
  readonly folder: string
  readonly port: number
  readonly controllerPort: number
  readonly quorum: string
  readonly secure: Secure | undefined
}

/** Clients and brokers come by TLS and name themselves; a broker's truststore is its own certificate. */
function secureProperties({ username, password }: Secure, folder: string): Record<string, string> {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  return {
    'security.inter.broker.protocol': 'SASL_SSL',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login} username="${username}" password="${password}" user_${username}="${password}";`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, 'broker.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, 'broker.pem'),
    'ssl.endpoint.identification.algorithm': '',
  }
}

function properties(place: BrokerPlace): string {
  const { id, count, folder, port, controllerPort, quorum, secure } = place
  const inSync = count === 1 ? 1 : 2
  const protocol = secure === undefined ? 'PLAINTEXT' : 'SASL_SSL'
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': id,
    listeners: `${protocol}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `${protocol}://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': quorum,
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': false,
    'default.replication.factor': count,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': 6,
    'offsets.topic.replication.factor': count,
    'transaction.state.log.replication.factor': count,
    'transaction.state.log.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    ...(secure === undefined ? {} : secureProperties(secure, folder)),
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

const LOG4J = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
`
