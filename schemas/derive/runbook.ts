import { METRIC_NAMES, type Metric, metricOf } from '../metrics.ts'
import type { RuleSpec } from '../rules.ts'
import { RUNBOOK_PARTS } from '../runbookParts.ts'

/** Metrics that have a rule, and so a runbook. */
export const METRICS_WITH_RUNBOOK: readonly Metric[] = METRIC_NAMES.filter(
  (name) => (metricOf(name).rules ?? []).length > 0,
)

function when(rule: RuleSpec, unit: string, better: string): string {
  switch (rule.type) {
    case 'baseline': {
      const side = better === 'lower' ? 'above' : 'below'
      return `It is ${side} its own last ${rule.baseline_s} s by a factor of ${rule.factor} and by at least ${rule.step} ${unit}, within at most ${rule.window_s} s, surely and not by chance.`
    }
    case 'unusual':
      return `Within at most ${rule.window_s} s it is above what is usual for this stream by a factor of ${rule.factor} and by at least ${rule.step} ${unit}, beyond the stream's own spread from minute to minute over the last ${rule.baseline_s} s (certainty ${rule.certainty} nats; critical from ${rule.critical_certainty} for the whole audience). The first ${rule.learn_s} s of a stream only teach what is usual.`
    case 'objective':
      return `It is worse than the objective allows, ${rule.burn} times, over ${rule.fast_s} s and over ${rule.slow_s} s, and still is.`
    case 'absence':
      return `A source that reported steadily is silent for ${rule.after_s} s, or says that the stream is gone, without a goodbye of the encoder.`
    case 'forecast':
      return `At its present speed it is empty, or full, within ${rule.horizon_s} s, faster than in the rounds before.`
    case 'spread':
      return `The values of ${rule.by} lie more than ${rule.beyond} ${unit} apart.`
    case 'mix':
      return `One value of ${rule.by.join(', ')} makes ${rule.share * 100} % of all and ${rule.factor} times its usual share, while all of it grows.`
    case 'limit':
      return better === 'lower'
        ? `At one node it reaches ${rule.beyond} ${unit} over ${rule.window_s} s.`
        : `At one node it is not above ${rule.beyond} ${unit} over ${rule.window_s} s.`
    case 'over_issue':
      return `A pool gave more than its budget in a round, less what came back, and still gave within the last ${rule.window_s} s.`
    case 'double_grant':
      return `A reference was issued again within the last ${rule.window_s} s.`
    case 'undistributed':
      return `At the pace of its last ${rule.window_s} s (twice its standard error added) less than ${rule.least * 100} % of a pool’s budget is given out when its round ends. The budget names the end (\`ends_ms\`); without it nothing is said.`
    case 'quorum':
      return `At least ${rule.at_least} of ${rule.of} places (${rule.by}) agree within ${rule.window_s} s; where there are fewer, a second check agrees.`
  }
}

/** The runbook of a metric's rules, as Markdown. */
export function runbookPage(metric: Metric): string {
  const { title, help, hop, unit, better, objective, rules = [] } = metricOf(metric)
  const part = RUNBOOK_PARTS[metric]
  if (part === undefined) throw new Error(`${metric} has a rule and no runbook: docs/runbooks/parts.yaml`)
  const lines = [
    `# ${title.en} · ${title.zh}`,
    '',
    part.means,
    '',
    `Metric \`${metric}\` of the hop **${hop}**. ${help}${objective === undefined ? '' : ` Objective: ${objective} ${unit}.`}`,
    '',
    '## What it is, the quickest look first',
    '',
    ...part.tell.map((line, i) => `${i + 1}. ${line}`),
    '',
    '## What to do, and who',
    '',
    '| level | who and what |',
    '|---|---|',
    `| check, before the show | ${part.check} |`,
    `| automatic | ${part.automatic} |`,
    `| standby | ${part.standby} |`,
    `| manual | ${part.manual} |`,
    '',
    '## When it pages',
    '',
    ...rules.map(
      (rule) =>
        `- <a id="${metric}-${rule.type}"></a>\`${metric}-${rule.type}\` (${rule.severity}): ${when(rule, unit, better)}`,
    ),
    '',
    'The incident is over by itself six seconds after nothing is bad any more; what comes back within two minutes is the same incident.',
    `To change the rule for one show: \`rules\` in the configuration, \`metric: ${metric}\` (docs/runbooks/README.md).`,
  ]
  return `${lines.join('\n')}\n`
}

/** The list of all runbooks, and what they have in common. */
export function runbookIndex(): string {
  const lines = [
    '# Runbooks',
    '',
    'One page for each metric that can page. An incident links to the page of the rule that found it. The pages follow from the catalogue',
    '(`schemas/metrics/`) and from [`parts.yaml`](parts.yaml), the hand-written part, by `npm run generate`: change them there.',
    '',
    '## An incident at night, in four looks',
    '',
    '1. **The sentence**: what, where, for whom, how many.',
    '2. **The hop strip**: the first ill hop from the left is where to look; hops said to be clean were looked at. “Player only” means that the link is well.',
    '3. **The cause**: `{}` is everybody. A CDN and region is delivery; a version is the player; an operator or a network alone is the last mile.',
    '4. **Cause before effect**: in the evidence’s charts the cause stands left of its effect.',
    '',
    'If the cause is announced, silence it or announce maintenance; a planned end is known by the encoder’s own goodbye (`event: end`).',
    '',
    '## The four levels of a contingency plan',
    '',
    '**check** what is tried before the show · **automatic** what switches by itself · **standby** what is warm and waits · **manual** who does what, and how fast.',
    'A scenario (`rehearsal/`) walks through the plan: `firstframe rehearse rehearsal/scenarios/cdn-in-one-region.yaml`.',
    '',
    '## Other thresholds for one show',
    '',
    '```yaml',
    'rules:',
    '  - match: { show: double-11 }   # tenant, show, stream; * matches anything',
    '    metric: rebuffering_ratio',
    '    rule: baseline               # without it: all rules of the metric',
    '    set: { factor: 4, step: 0.05, severity: warning }',
    '  - metric: live_latency',
    '    objective: 8000',
    '  - metric: bitrate',
    '    off: true',
    '```',
    '',
    'Mistakes are told with line and column when the watcher starts.',
    '',
    '| runbook | hop | rules |',
    '|---|---|---|',
    ...METRICS_WITH_RUNBOOK.map((metric) => {
      const { title, hop, rules = [] } = metricOf(metric)
      return `| [${title.en}](${metric}.md) · ${title.zh} | ${hop} | ${rules.map(({ type, severity }) => `${type} (${severity})`).join(', ')} |`
    }),
  ]
  return `${lines.join('\n')}\n`
}

/** Every runbook by its path from the top. */
export const runbooks = (): [string, string][] => [
  ['docs/runbooks/README.md', runbookIndex()],
  ...METRICS_WITH_RUNBOOK.map((metric): [string, string] => [
    `docs/runbooks/${metric}.md`,
    runbookPage(metric),
  ]),
]
