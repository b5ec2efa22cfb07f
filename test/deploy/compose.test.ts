import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { ROOT } from '../../check/sources.ts'
import { kafkaClient } from '../../log/kafkajs.ts'
import { createProgram } from '../../main/cli.ts'
import { loadConfig } from '../../main/config/load.ts'
import type { Config } from '../../main/config/schema.ts'
import { readReceivers } from '../../main/receivers.ts'
import { READER } from '../../main/roles/store.ts'
import { MEMORY_MIB } from '../chaos/chaos.ts'
import { startKafka } from '../kafka/start.ts'
import { dockerfile } from './dockerfile.ts'
import { type ComposeFile, readCompose, type Service } from './readCompose.ts'

const ENVIRONMENT = {
  STORE_PASSWORD: 'of-the-store',
  VIEWER_SALT: 'of-all-collectors',
  SERVER_KEY: 'of-the-demo-tenant',
  READER_PASSWORD: 'of-the-reader',
  CLUSTER_SECRET: 'of-the-cluster',
  GRAFANA_PASSWORD: 'of-grafana',
}
const yaml = (path: string) => parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true })
const image = dockerfile()

let file: ComposeFile
let roles: [string, Service][]
before(async () => {
  file = await readCompose(join(ROOT, 'compose.yaml'), ENVIRONMENT)
  roles = Object.entries(file.services).filter(([, service]) => service.image === 'firstframe')
})

/** What a role's process is told: the image's settings, then the file's. */
const configOf = (service: Service): Config =>
  loadConfig({
    environment: { ...image.environment, ...(service.environment as Record<string, string>) },
    flags: {},
  })

test('the file fits the compose specification, and one that does not is refused', async (context) => {
  assert.ok(Object.keys(file.services).length > 15)
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-compose-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(
    wrong,
    readFileSync(join(ROOT, 'compose.yaml'), 'utf8').replace('restart: unless-stopped', 'restarts: no'),
  )
  await assert.rejects(readCompose(wrong, ENVIRONMENT), /restarts/)
  await assert.rejects(
    readCompose(join(ROOT, 'compose.yaml'), { ...ENVIRONMENT, STORE_PASSWORD: '' }),
    /STORE_PASSWORD/,
  )
})

test('every role there is runs: each command and flag is one of the program, each setting one of the configuration', () => {
  const program = createProgram()
  assert.deepEqual(roles.map(([name]) => name).sort(), [
    'collector-1',
    'collector-2',
    'console',
    'migrate',
    'probe',
    'watch-1',
    'watch-2',
    'write-1',
    'write-2',
  ])
  for (const [name, service] of roles) {
    const [command, ...rest] = service.command!
    const found = program.commands.find((entry) => entry.name() === command)
    assert.ok(found, `${name}: no command ${command}`)
    for (const flag of rest.filter((each) => each.startsWith('--')))
      assert.ok(
        found.options.some(({ long }) => long === flag),
        `${name}: ${command} has no ${flag}`,
      )
    const config = configOf(service)
    assert.equal(config.health_port, 9100)
    assert.doesNotThrow(() => readReceivers(config.receivers))
  }
})

test('who is spoken to is there: brokers, the store, its cluster and users, Alertmanager', async () => {
  const brokers = Object.entries(file.services).filter(([name]) => name.startsWith('kafka-'))
  const voters = brokers
    .map(([name, { environment }]) => `${environment!.KAFKA_NODE_ID}@${name}:9093`)
    .join(',')
  for (const [name, { environment }] of brokers) {
    assert.equal(environment!.KAFKA_ADVERTISED_LISTENERS, `PLAINTEXT://${name}:9092`)
    assert.equal(environment!.KAFKA_CONTROLLER_QUORUM_VOTERS, voters)
    assert.equal(
      Buffer.from(environment!.CLUSTER_ID!, 'base64url').length,
      16,
      'a cluster’s number has 16 bytes',
    )
  }
  const cluster = yaml('deploy/clickhouse/cluster.yaml')
  const { users } = yaml('deploy/clickhouse/users.yaml')
  const servers = Object.entries(file.services).filter(([name]) => name.startsWith('clickhouse-'))
  for (const [name, service] of roles) {
    const { log, store, receivers } = configOf(service)
    if (name === 'probe') continue
    assert.equal(log.kind, 'kafka')
    assert.deepEqual(
      log.brokers,
      brokers.map(([broker]) => `${broker}:9092`),
    )
    assert.ok(log.partitions >= 2, 'both writers have something to do')
    const { hostname, port } = new URL(store.url)
    assert.ok(servers.some(([server]) => server === hostname) && port === '8123', `${name}: ${store.url}`)
    assert.ok(cluster.remote_servers[store.cluster], `${name}: no cluster ${store.cluster}`)
    assert.deepEqual(users[store.user].password, { '@from_env': 'STORE_PASSWORD' })
    assert.deepEqual(
      [store.password, store.reader_password],
      [ENVIRONMENT.STORE_PASSWORD, ENVIRONMENT.READER_PASSWORD],
    )
    for (const { url } of receivers as { url: string }[]) assert.ok(file.services[new URL(url).hostname], url)
  }
  assert.deepEqual(users[READER].password, { '@from_env': 'READER_PASSWORD' })
  assert.deepEqual(
    users[READER].grants.map(({ query }: { query: string }) => query.split(' ')[1]),
    ['SELECT', 'SELECT'],
  )
  const hosts = cluster.remote_servers.firstframe.shard.map(
    (entry: { replica: { host: string } }) => entry.replica.host,
  )
  assert.deepEqual(
    hosts,
    servers.map(([name]) => name),
  )
  assert.equal(new Set(servers.map(([, { environment }]) => environment!.SHARD)).size, servers.length)
  for (const [name, { environment }] of servers)
    for (const wanted of ['SHARD', 'REPLICA', 'CLUSTER_SECRET', 'STORE_PASSWORD', 'READER_PASSWORD'])
      assert.ok(environment![wanted], `${name}: ${wanted}`)
  const keeper = yaml('deploy/clickhouse/keeper.yaml').keeper_server
  assert.deepEqual(cluster.zookeeper.node, {
    host: keeper.raft_configuration.server.hostname,
    port: keeper.tcp_port,
  })
})

test('every setting of the brokers is one a real broker has', async (context) => {
  const kafka = await startKafka({ brokers: 1 })
  context.after(() => kafka.stop())
  const admin = kafkaClient({ brokers: kafka.bootstrap, clientId: 'settings' }, () => {}).admin()
  await admin.connect()
  context.after(() => admin.disconnect())
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 4, name: '1' }],
  })
  const known = new Set(resources[0]!.configEntries.map(({ configName }) => configName))
  assert.ok(known.size > 100)
  for (const name of Object.keys(file.services['kafka-1']!.environment!)) {
    if (!name.startsWith('KAFKA_') || name === 'KAFKA_HEAP_OPTS') continue
    const property = name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.')
    assert.ok(known.has(property), `${name}: no ${property}`)
  }
})

test('every file and folder that is mounted is there, and stands where it is read', () => {
  for (const [name, { volumes = [] }] of Object.entries(file.services))
    for (const { type, source, target } of volumes) {
      // The probe's own file is the operator's to write.
      if (type === 'bind' && !source.endsWith('/firstframe.yaml'))
        assert.ok(existsSync(source), `${name}: ${source}`)
      const role = roles.some(([entry]) => entry === name)
      if (role && type === 'volume') assert.equal(target, image.environment.FIRSTFRAME_DATA)
    }
  const grafana = file.services.grafana!
  const at = (target: string) => grafana.volumes!.find((entry) => entry.target === target)?.source
  const { providers } = yaml('dashboards/provisioning/dashboards/firstframe.yaml')
  assert.equal(at(providers[0].options.path), join(ROOT, 'dashboards/generated'))
  assert.equal(at('/etc/grafana/provisioning'), join(ROOT, 'dashboards/provisioning'))
  const text = readFileSync(join(ROOT, 'dashboards/provisioning/datasources/firstframe.yaml'), 'utf8')
  for (const [, name] of text.matchAll(/\$\{(\w+)\}/g))
    assert.ok(grafana.environment![name!], `Grafana is not told ${name}`)
  const { FIRSTFRAME_HOST: host, FIRSTFRAME_PORT: port } = grafana.environment!
  assert.equal(configOf(file.services[host!]!).console_port, Number(port))
})

test('our metrics are asked of every role, and each that has a health port is checked by it', () => {
  const { scrape_configs } = yaml('deploy/prometheus.yaml')
  const targets: string[] = scrape_configs[0].static_configs.flatMap(
    (static_config: { targets: string[] }) => static_config.targets,
  )
  const serving = roles.filter(([, { healthcheck }]) => healthcheck?.disable !== true)
  assert.deepEqual(
    targets.sort(),
    serving.map(([name, service]) => `${name}:${configOf(service).health_port}`).sort(),
  )
  for (const [name, { healthcheck }] of serving)
    assert.deepEqual(healthcheck!.test, ['CMD', ...image.healthcheck], `${name} is checked as the image says`)
})

test('ports lead to what listens; only beacons are taken from outside; nothing is without a bound', () => {
  const published = Object.entries(file.services).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => ({ name, ...port })),
  )
  assert.deepEqual(
    published.filter(({ host_ip }) => host_ip !== '127.0.0.1').map(({ name }) => name),
    ['front'],
  )
  const console_ = published.find(({ name }) => name === 'console')!
  assert.equal(configOf(file.services.console!).console_port, console_.target)
  for (const [name, service] of Object.entries(file.services)) {
    assert.ok(
      service.profiles?.includes('k6') || Number(service.deploy?.resources?.limits?.memory) > 0,
      `${name}: memory`,
    )
    assert.notEqual(service.privileged, true)
    for (const [other] of Object.entries(service.depends_on ?? {}))
      assert.ok(file.services[other], `${name} waits for ${other}`)
  }
  for (const [name, { stop_grace_period, deploy }] of roles) {
    assert.equal(stop_grace_period, '30s', name)
    assert.equal(
      Number(deploy!.resources!.limits!.memory),
      MEMORY_MIB << 20,
      `${name}: what npm run chaos holds it to`,
    )
  }
  const trusted = configOf(file.services['collector-1']!).trusted_proxies
  assert.deepEqual(
    trusted,
    file.networks.default!.ipam!.config.map(({ subnet }) => subnet),
  )
})
