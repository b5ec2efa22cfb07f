/** Commands that cannot be run by this test: how each begins, and who tries it instead, or what it needs. */
export const COMMANDS_ELSEWHERE: readonly (readonly [begins: RegExp, reason: string])[] = [
  [/^npm ci/, 'the checkout that runs this test was installed like this'],
  [/^npm (pack|install)|^cd \/srv/, 'test/deploy/image.test.ts packs, installs and starts it'],
  [/^npm (test|run|start)/, 'each script stands in package.json, which is checked here'],
  [/^docker /, 'needs a Docker engine'],
  [/^kubectl /, 'needs a cluster; test/deploy/kubernetes.test.ts builds the folder'],
  [/^(grafana|mkdir -p \/var\/lib\/grafana|cp -r dashboards|sed -i)/, 'needs a Grafana; test/dashboards'],
  [/^npx tsx test\/dashboards\/preview/, 'test/dashboards'],
  [/^(K6_BROWSER\S+ .*)?(k6 run|sh k6\/)/, 'needs k6; test/k6/k6.test.ts runs each script'],
  [/^mv access-firstframe/, 'needs nginx; test/sources copies the block'],
  [/^curl .*COLLECTOR:8080/, 'test/sources copies the block and fills in the address'],
  [
    /^node docs\/contract\/check\.mjs/,
    'collector/contract.test.ts calls what it is made of, with every vector',
  ],
  [/^-stats_period/, 'flags of ffmpeg; test/sources copies the block'],
  [/^OTEL_/, 'settings of an exporter; test/sources copies the block'],
  [/^ffmpeg … |^curl -X POST 127\.0\.0\.1:8091/, 'needs a stream; test/players/cue.test.ts inserts cues'],
]

/** Blocks that are no commands and no form of ours: page, what the block has in it, and why it is not tried here. */
export const BLOCKS_ELSEWHERE: readonly (readonly [page: string, has: RegExp, reason: string])[] = [
  ['README.md', /collector ────/, 'a drawing'],
  ['docs/architecture.md', /→/, 'a drawing'],
  ['docs/architecture.md', /collector {2}/, 'a drawing'],
  ['processor/watch/README.md', /log → dedupe/, 'a drawing'],
  ['docs/players/cmcd.md', /sid="table"/, 'records that players sent; test/players/conformance.test.ts'],
  ['docs/sources.md', /v1\/cmcd/, 'an address; test/sources'],
  [
    'docs/sources.md',
    /on_publish|on_record_done|log_format/,
    'settings of nginx and SRS; test/sources gives them to both',
  ],
  ['docs/sources.md', /Report the release/, 'a step of a GitHub Action; test/sources runs its command'],
  ['docs/sources.md', /runOnReady/, 'settings of MediaMTX; test/sources gives them to it'],
]
