import { type Static, Type } from '@sinclair/typebox'
import { LOG_FORMATS } from '../../collector/edge/edgeSource.ts'

const secret = { secret: true } as const
const port = (standard: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: standard, description })
const bytes = (standard: number, description: string) =>
  Type.Integer({ minimum: 1 << 20, default: standard, description })

/** A tenant: its write key names it; sources that post server to server have secrets of their own. */
export const Tenant = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[a-z0-9_-]+$',
      form: 'lower case letters, digits, - and _ (1 to 64)',
      description: 'Name of the tenant: lower case, digits, - and _.',
    }),
    key: Type.String({
      minLength: 4,
      ...secret,
      description: 'Write key that players send. It is public by nature: it can write, never read.',
    }),
    server_keys: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.String({ minLength: 16, ...secret, description: 'The key; it is secret.' }),
            source: Type.Optional(
              Type.String({ minLength: 1, description: 'The only source it may report for.' }),
            ),
          },
          { additionalProperties: false },
        ),
        {
          description:
            'Keys of media servers, probes and other servers; several are valid at once. `firstframe keys` makes further ones.',
        },
      ),
    ),
    hook_addresses: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Addresses or networks (CIDR) of media servers whose hooks are believed with the public key.',
      }),
    ),
    hook_secrets: Type.Optional(
      Type.Array(Type.String({ minLength: 16, ...secret }), {
        description: 'Secrets of media servers that sign their hooks (x-firstframe-signature), newest first.',
      }),
    ),
    salt: Type.Optional(
      Type.String({
        minLength: 16,
        ...secret,
        description: 'Salt for hashing viewers. Default: made from viewer_salt.',
      }),
    ),
    salt_daily: Type.Optional(
      Type.Boolean({ description: 'Viewers get another hash each day (UTC). Default: false.' }),
    ),
    origins: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^https?://[^/]+$',
          form: 'scheme and host without a path or a slash at the end, such as https://shop.example',
        }),
        {
          description: 'Origins that browsers may report from with the public key. Default: any.',
        },
      ),
    ),
    token_secrets: Type.Optional(
      Type.Array(Type.String({ minLength: 32, ...secret }), {
        description: 'Secrets that sign session tokens (JWT, HS256), newest first.',
      }),
    ),
    tokens_only: Type.Optional(
      Type.Boolean({ description: 'Players need a session token beside the public key. Default: false.' }),
    ),
    max_weight: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 1000,
        description:
          'Largest sampling weight taken from players; larger ones are bounded to it. Default: 1, players do not sample.',
      }),
    ),
    sample: Type.Optional(
      Type.Number({
        minimum: 0.001,
        maximum: 1,
        description:
          'Share of sessions whose heartbeats count; the others are advised to report once a minute. Default: 1, all.',
      }),
    ),
    streams_per_hour: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Pairs of show and stream that players may bring in an hour beside declared ones; more become ~other. Default: 2000.',
      }),
    ),
    publish_secrets: Type.Optional(
      Type.Array(Type.String({ minLength: 8, ...secret }), {
        description:
          'Secrets that sign stream keys, newest first. None: whoever reaches the media server may publish.',
      }),
    ),
    events_per_s: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Events a second that players, and as many that servers may send; more are answered 429.',
      }),
    ),
    bytes_per_s: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Bytes a second, likewise.',
      }),
    ),
    requests_per_s: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Requests a second, likewise; hooks count.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A CDN that sends its logs to `POST /v1/edge`. */
export const Edge = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      description: 'Name of the source; the dimension `cdn` unless `cdn` says.',
    }),
    format: Type.Union(
      LOG_FORMATS.map((format) => Type.Literal(format)),
      { description: `Field map: ${LOG_FORMATS.join(', ')}.` },
    ),
    secret: Type.String({
      minLength: 8,
      ...secret,
      description: 'What the sender shows as `Authorization: Bearer …`.',
    }),
    tenant: Type.String({ default: 'demo', description: 'Whose facts these are.' }),
    cdn: Type.Optional(Type.String({ description: 'The dimension `cdn`.' })),
    show: Type.Optional(Type.String({ description: 'The show, where the log does not say.' })),
    app: Type.Optional(Type.String({ description: 'The app, where the log does not say.' })),
    stream: Type.Optional(
      Type.String({ description: 'A pattern over the path whose first group names the stream.' }),
    ),
    hop: Type.Optional(
      Type.Union([Type.Literal('edge'), Type.Literal('origin')], {
        description: 'Where these servers stand; origin for shields and origin servers. Default edge.',
      }),
    ),
    fields: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Columns of a tab-separated log in order, where not all fields were chosen.',
      }),
    ),
    referers: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          'Hosts of your own pages (`.shop.example`: every host below it). A refusal that another site’s page asked for is hotlinking and no viewer’s.',
      }),
    ),
    service_ids: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Fastly service ids that may send logs here, for Fastly’s challenge. Default any.',
      }),
    ),
  },
  { additionalProperties: false },
)

const role = Type.Union(
  ['viewer', 'analyst', 'operator', 'admin'].map((name) => Type.Literal(name)),
  {
    description:
      'viewer, analyst (also SQL), operator (also silences and shows) or admin (also the audit trail).',
  },
)
const seenTenants = Type.Array(Type.String(), {
  default: ['*'],
  description: 'Tenants whose facts are seen; `*` is all.',
})

/** Who signs in to the console, and how. */
const SignIn = Type.Object(
  {
    kind: Type.Union(
      ['none', 'accounts', 'openid', 'outside'].map((name) => Type.Literal(name)),
      {
        default: 'none',
        description:
          'none (only on loopback), accounts (names and passwords below), openid (a provider), or outside: a proxy before the console lets people in, and whoever reaches it may do everything.',
      },
    ),
    accounts: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'Name to sign in with.' }),
          password_hash: Type.String({
            ...secret,
            pattern:
              '^\\$argon2id\\$v=\\d+\\$m=\\d+,t=\\d+,p=\\d+\\$[A-Za-z0-9+/]{11,}\\$[A-Za-z0-9+/]{16,}$',
            form: 'what `firstframe password` prints',
            description: 'Hash of the password: `firstframe password` prints it.',
          }),
          role,
          tenants: seenTenants,
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Kind accounts: who may sign in.' },
    ),
    issuer: Type.String({ default: '', description: 'Kind openid: address of the provider.' }),
    client_id: Type.String({ default: '', description: 'Kind openid: name of this client there.' }),
    client_secret: Type.String({ default: '', ...secret, description: 'Kind openid: its secret.' }),
    scope: Type.String({ default: 'openid email profile', description: 'Kind openid: what is asked for.' }),
    claim: Type.String({
      default: 'groups',
      description: 'Kind openid: claim whose values are granted roles.',
    }),
    grants: Type.Array(
      Type.Object(
        {
          value: Type.String({ description: 'A value of the claim; `*` is everybody the provider knows.' }),
          role,
          tenants: seenTenants,
        },
        { additionalProperties: false },
      ),
      { default: [], description: 'Kind openid: which value brings which role and tenants.' },
    ),
    session_hours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 720,
      default: 12,
      description: 'How long a session lasts.',
    }),
    secret: Type.String({
      default: '',
      ...secret,
      description:
        'Signs sessions and API tokens, 32 characters or more. Default: made, in `console-secret` of the data folder. Several consoles share one.',
    }),
    revoked_tokens: Type.Array(Type.String(), {
      default: [],
      description: 'Ids of API tokens that count no more.',
    }),
  },
  { default: {}, additionalProperties: false },
)

/** Everything that can be set, by file, environment or command line; defaults run on a laptop. */
export const Config = Type.Object(
  {
    host: Type.String({ default: '0.0.0.0', description: 'Address of the public port.' }),
    port: port(8080, 'Public port: beacons, time, health.'),
    console_host: Type.String({
      default: '127.0.0.1',
      description: 'Address of the console. Beyond loopback it needs `sign_in`.',
    }),
    console_port: port(8081, 'Console: page, API, /metrics, read-only SQL.'),
    console_names: Type.Array(Type.String(), {
      default: [],
      description:
        'Host names the console is reached by, beside localhost, addresses, names without a dot and public_url; others are refused.',
    }),
    sign_in: SignIn,
    health_host: Type.String({ default: '127.0.0.1', description: 'Address of the health port.' }),
    health_port: port(
      0,
      'Health of any role: /healthz, /readyz, /metrics. 0: none; the collector has its own on the public port.',
    ),
    data: Type.String({
      minLength: 1,
      form: 'a folder',
      default: './data',
      description: 'Folder of the embedded log and store.',
    }),
    log_level: Type.Union(
      ['debug', 'info', 'warn', 'error', 'silent'].map((level) => Type.Literal(level)),
      { default: 'info', description: 'Least serious log line: debug, info, warn, error or silent.' },
    ),
    collector_name: Type.String({
      default: '',
      description: 'Name of this collector in facts. Default: host name and process.',
    }),
    public_url: Type.String({
      default: '',
      description:
        'Where people reach the console; links in alerts begin with it. Default: the console’s own address.',
    }),
    tenants: Type.Array(Tenant, { default: [], description: 'Tenants beside `demo`.' }),
    viewer_salt: Type.String({
      default: '',
      ...secret,
      description:
        'Secret that viewers’ hashes are made with; the same on all collectors. Embedded: made in the data folder.',
    }),
    server_key: Type.String({
      default: '',
      ...secret,
      description:
        'Server key of the tenant demo, and what `firstframe probe` and `firstframe agent` show. Default: made in the data folder.',
    }),
    key_file: Type.String({
      default: '',
      description: 'File of server keys (`firstframe keys`). Default: keys.json in the data folder.',
    }),
    demo_tenant: Type.Boolean({ default: true, description: 'Whether the tenant and key `demo` exist.' }),
    linger_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description:
          'Longest time a beacon waits for others to share its batch, ms. Default: 20 with the embedded log, 200 with Kafka.',
      }),
    ),
    batch_rows: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 1000,
      description: 'Rows that end a batch early.',
    }),
    trusted_proxies: Type.Array(Type.String(), {
      default: [],
      description:
        'Addresses or networks (CIDR) whose X-Forwarded-For, country and ISP headers are believed.',
    }),
    geo: Type.Boolean({
      default: true,
      description: 'Whether country and ISP are looked up from the address.',
    }),
    log: Type.Object(
      {
        kind: Type.Union([Type.Literal('embedded'), Type.Literal('kafka')], {
          default: 'embedded',
          description: 'embedded (LMDB in the data folder) or kafka.',
        }),
        brokers: Type.Array(Type.String(), { default: [], description: 'Kafka: host:port of some brokers.' }),
        partitions: Type.Integer({
          minimum: 1,
          maximum: 1024,
          default: 4,
          description: 'Kafka: partitions of each topic of events.',
        }),
        replication: Type.Integer({
          minimum: 0,
          maximum: 9,
          default: 0,
          description:
            'Kafka: replicas of each partition, for topics that are made. 0: three, or as many as there are brokers then.',
        }),
        compression: Type.Union([Type.Literal('none'), Type.Literal('gzip'), Type.Literal('zstd')], {
          default: 'zstd',
          description: 'Kafka: compression of messages.',
        }),
        tls: Type.Boolean({ default: false, description: 'Kafka: speak TLS to the brokers.' }),
        tls_ca: Type.String({
          default: '',
          description:
            'Kafka: PEM file of who signed the brokers’ certificates. Empty: the public authorities.',
        }),
        sasl: Type.Union(
          ['none', 'plain', 'scram-sha-256', 'scram-sha-512'].map((name) => Type.Literal(name)),
          {
            default: 'none',
            description: 'Kafka: how to log in: none, plain, scram-sha-256 or scram-sha-512.',
          },
        ),
        username: Type.String({ default: '', description: 'Kafka: user of `sasl`.' }),
        password: Type.String({ default: '', ...secret, description: 'Kafka: password of `sasl`.' }),
        max_bytes: bytes(
          8 * 2 ** 30,
          'Embedded: bound on the log’s messages on disk. What was read goes first, the oldest before the rest; when unread messages reach it, beacons are answered 503.',
        ),
        spill_bytes: bytes(4 * 2 ** 30, 'Kafka: bound on what is kept on disk while it is away.'),
      },
      { default: {}, additionalProperties: false },
    ),
    store: Type.Object(
      {
        url: Type.String({
          default: '',
          description: 'ClickHouse’s HTTP address. Empty: Firstframe runs its own store.',
        }),
        user: Type.String({ default: 'default', description: 'User that writes.' }),
        password: Type.String({
          default: '',
          ...secret,
          description: 'Its password. The embedded store makes one by itself.',
        }),
        database: Type.String({
          default: 'firstframe',
          pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
          form: 'letters, digits and _',
          description: 'Database.',
        }),
        cluster: Type.String({
          default: '',
          description: 'Name of a ClickHouse cluster: tables become replicated and distributed.',
        }),
        storage_policy: Type.String({
          default: '',
          pattern: '^[A-Za-z0-9_-]*$',
          description:
            'ClickHouse: a storage policy of its servers with a volume `cold`, where older days move. Set it before the first migration.',
        }),
        host: Type.String({ default: '127.0.0.1', description: 'Embedded: address the store listens on.' }),
        port: port(0, 'Embedded: port the store listens on; 0 takes a free one.'),
        names: Type.Array(Type.String(), {
          default: [],
          description:
            'Embedded: host names with a dot that the store is reached by; requests that name others are refused.',
        }),
        reader_password: Type.String({
          default: '',
          ...secret,
          description:
            'Password of the read-only user `reader`. The embedded store makes one by itself, in `reader-password` of the data folder.',
        }),
        memory_bytes: bytes(4 * 2 ** 30, 'Embedded: memory the engine may use.'),
        max_bytes: bytes(50 * 2 ** 30, 'Embedded: bound on the store’s disk; the oldest days go first.'),
      },
      { default: {}, additionalProperties: false },
    ),
    remote_write: Type.Object(
      {
        url: Type.String({
          default: '',
          pattern: '^(https?://.+)?$',
          description:
            'Where metrics by show and stream go every 10 s, by Prometheus’ remote write: http://prometheus:9090/api/v1/write. Default: nowhere.',
        }),
        headers: Type.Record(Type.String(), Type.String({ ...secret }), {
          default: {},
          description: 'Headers that the receiver wants: Authorization, X-Scope-OrgID.',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    rules: Type.String({ default: '', description: 'A YAML file of changed alert rules.' }),
    receivers: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      default: [],
      description: 'Where incidents are sent: see docs/receivers.md.',
    }),
    sources: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      default: [],
      description: 'Media servers and encoders to ask, and secrets of those that tell: see docs/sources.md.',
    }),
    edge: Type.Array(Edge, { default: [], description: 'CDNs that send their logs.' }),
    livekit: Type.Record(
      Type.String(),
      Type.Object(
        {
          secret: Type.String({ minLength: 1, form: 'the secret of this API key', ...secret }),
          tenant: Type.String({ default: 'demo' }),
        },
        // Defaults within a record are filled in only where its values have one of their own.
        { additionalProperties: false, default: {} },
      ),
      { default: {}, description: 'LiveKit: secret and tenant by API key, for its webhooks.' },
    ),
    probes: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      default: [],
      description: 'Addresses to check: see probe/README.md.',
    }),
    probe_networks: Type.Array(Type.String(), {
      default: [],
      description:
        'Private networks (10.0.0.0/8) that a checked stream may lead to, beside the target’s own host and port.',
    }),
    probe_region: Type.String({ default: '', description: 'Where this probe looks from.' }),
  },
  { additionalProperties: false },
)

export type Config = Static<typeof Config>
export type Tenant = Static<typeof Tenant>
