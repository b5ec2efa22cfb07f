import { type Static, Type } from '@sinclair/typebox'
import { Edge } from './edge.ts'
import {
  bytes,
  fieldsOnly,
  flag,
  mappings,
  oneOf,
  port,
  secret,
  section,
  text,
  texts,
  whole,
} from './fields.ts'
import { SignIn } from './signIn.ts'
import { Tenant } from './tenant.ts'

/** Everything that can be set, by file, environment or command line; defaults run on a laptop. */
export const Config = fieldsOnly({
  host: text('Address of the public port.', { default: '0.0.0.0' }),
  port: port(8080, 'Public port: beacons, time, health.'),
  console_host: text('Address of the console. Beyond loopback it needs `sign_in`.', { default: '127.0.0.1' }),
  console_port: port(8081, 'Console: page, API, /metrics, read-only SQL.'),
  console_names: texts(
    'Host names the console is reached by, beside localhost, addresses, names without a dot and public_url; others are refused.',
  ),
  sign_in: SignIn,
  health_host: text('Address of the health port.', { default: '127.0.0.1' }),
  health_port: port(
    0,
    'Health of any role: /healthz, /readyz, /metrics. 0: none; the collector has its own on the public port.',
  ),
  data: text('Folder of the embedded log and store.', { minLength: 1, form: 'a folder', default: './data' }),
  log_level: oneOf(
    ['debug', 'info', 'warn', 'error', 'silent'],
    'Least serious log line: debug, info, warn, error or silent.',
    { default: 'info' },
  ),
  collector_name: text('Name of this collector in facts. Default: host name and process.'),
  public_url: text(
    'Where people reach the console; links in alerts begin with it. Default: the console’s own address.',
  ),
  tenants: Type.Array(Tenant, { default: [], description: 'Tenants beside `demo`.' }),
  viewer_salt: text(
    'Secret that viewers’ hashes are made with; the same on all collectors. Embedded: made in the data folder.',
    secret,
  ),
  server_key: text(
    'Server key of the tenant demo, and what `firstframe probe` and `firstframe agent` show. Default: made in the data folder.',
    secret,
  ),
  key_file: text('File of server keys (`firstframe keys`). Default: keys.json in the data folder.'),
  demo_tenant: flag(true, 'Whether the tenant and key `demo` exist.'),
  linger_ms: Type.Optional(
    whole(
      'Longest time a beacon waits for others to share its batch, ms. Default: 20 with the embedded log, 200 with Kafka.',
      { minimum: 0, maximum: 1000 },
    ),
  ),
  batch_rows: whole('Rows that end a batch early.', { minimum: 1, maximum: 100_000, default: 1000 }),
  trusted_proxies: texts(
    'Addresses or networks (CIDR) whose X-Forwarded-For, country and ISP headers are believed.',
  ),
  geo: flag(true, 'Whether country and ISP are looked up from the address.'),
  log: section({
    kind: oneOf(['embedded', 'kafka'], 'embedded (LMDB in the data folder) or kafka.', {
      default: 'embedded',
    }),
    brokers: texts('Kafka: host:port of some brokers.'),
    partitions: whole('Kafka: partitions of each topic of events.', {
      minimum: 1,
      maximum: 1024,
      default: 4,
    }),
    replication: whole(
      'Kafka: replicas of each partition, for topics that are made. 0: three, or as many as there are brokers then.',
      { minimum: 0, maximum: 9, default: 0 },
    ),
    compression: oneOf(['none', 'gzip', 'zstd'], 'Kafka: compression of messages.', { default: 'zstd' }),
    tls: flag(false, 'Kafka: speak TLS to the brokers.'),
    tls_ca: text('Kafka: PEM file of who signed the brokers’ certificates. Empty: the public authorities.'),
    sasl: oneOf(
      ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
      'Kafka: how to log in: none, plain, scram-sha-256 or scram-sha-512.',
      { default: 'none' },
    ),
    username: text('Kafka: user of `sasl`.'),
    password: text('Kafka: password of `sasl`.', secret),
    max_bytes: bytes(
      8 * 2 ** 30,
      'Embedded: bound on the log’s messages on disk. What was read goes first, the oldest before the rest; when unread messages reach it, beacons are answered 503.',
    ),
    spill_bytes: bytes(4 * 2 ** 30, 'Kafka: bound on what is kept on disk while it is away.'),
  }),
  store: section({
    url: text('ClickHouse’s HTTP address. Empty: Firstframe runs its own store.'),
    user: text('User that writes.', { default: 'default' }),
    password: text('Its password. The embedded store makes one by itself.', secret),
    database: text('Database.', {
      default: 'firstframe',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      form: 'letters, digits and _',
    }),
    cluster: text('Name of a ClickHouse cluster: tables become replicated and distributed.'),
    storage_policy: text(
      'ClickHouse: a storage policy of its servers with a volume `cold`, where older days move. Set it before the first migration.',
      { pattern: '^[A-Za-z0-9_-]*$' },
    ),
    host: text('Embedded: address the store listens on.', { default: '127.0.0.1' }),
    port: port(0, 'Embedded: port the store listens on; 0 takes a free one.'),
    names: texts(
      'Embedded: host names with a dot that the store is reached by; requests that name others are refused.',
    ),
    reader_password: text(
      'Password of the read-only user `reader`. The embedded store makes one by itself, in `reader-password` of the data folder.',
      secret,
    ),
    memory_bytes: bytes(4 * 2 ** 30, 'Embedded: memory the engine may use.'),
    max_bytes: bytes(50 * 2 ** 30, 'Embedded: bound on the store’s disk; the oldest days go first.'),
  }),
  remote_write: section({
    url: text(
      'Where metrics by show and stream go every 10 s, by Prometheus’ remote write: http://prometheus:9090/api/v1/write. Default: nowhere.',
      { pattern: '^(https?://.+)?$' },
    ),
    headers: Type.Record(Type.String(), Type.String(secret), {
      default: {},
      description: 'Headers that the receiver wants: Authorization, X-Scope-OrgID.',
    }),
  }),
  traces: section({
    url: text(
      'Where the way of each batch into the store goes as a trace, by OTLP over HTTP: http://otel-collector:4318/v1/traces. Default: nowhere.',
      { pattern: '^(https?://.+)?$' },
    ),
    headers: Type.Record(Type.String(), Type.String(secret), {
      default: {},
      description: 'Headers that the receiver wants.',
    }),
  }),
  rules: text('A YAML file of changed alert rules.'),
  receivers: mappings('Where incidents are sent: see docs/receivers.md.'),
  sources: mappings(
    'Media servers and encoders to ask, and secrets of those that tell: see docs/sources.md.',
  ),
  edge: Type.Array(Edge, { default: [], description: 'CDNs that send their logs.' }),
  livekit: Type.Record(
    Type.String(),
    // Defaults within a record are filled in only where its values have one of their own.
    section({
      secret: Type.String({ minLength: 1, form: 'the secret of this API key', ...secret }),
      tenant: Type.String({ default: 'demo' }),
    }),
    { default: {}, description: 'LiveKit: secret and tenant by API key, for its webhooks.' },
  ),
  probes: mappings('Addresses to check: see probe/README.md.'),
  probe_networks: texts(
    'Private networks (10.0.0.0/8) that a checked stream may lead to, beside the target’s own host and port.',
  ),
  probe_region: text('Where this probe looks from.'),
})

export type Config = Static<typeof Config>
export { Edge, Tenant }
