/**
 * Rules an alert is made by, as data beside the metric. The watcher (`processor/watch/detect`) reads them;
 * alert pages and Grafana's rules are derived from them. Time is seconds of `received_time`.
 */
export type RuleSpec =
  /** Worse than the objective by so much that its budget burns `burn` times too fast, in both windows. */
  | {
      readonly type: 'objective'
      readonly fast_s: number
      readonly slow_s: number
      readonly burn: number
      readonly severity: Severity
    }
  /** Worse than the stream's own last minutes by a factor, and by an absolute step that matters. */
  | {
      readonly type: 'baseline'
      readonly window_s: number
      readonly baseline_s: number
      readonly factor: number
      /** In the metric's unit: a smaller change pages nobody, however certain. */
      readonly step: number
      readonly severity: Severity
    }
  /**
   * A share that is unusual for the stream itself: beyond its own spread from minute to minute, in the whole, in one value of a
   * dimension or in a pair of values. Several lengths of time are looked at, up to `window_s`.
   */
  | {
      readonly type: 'unusual'
      readonly window_s: number
      readonly baseline_s: number
      /** A stream is first watched for so long. */
      readonly learn_s: number
      readonly factor: number
      /** In the metric's unit: a smaller change pages nobody, however certain. */
      readonly step: number
      /** Surprise from which an incident is opened, nats. */
      readonly certainty: number
      /** Surprise of the whole audience's share from which it is critical, nats. */
      readonly critical_certainty: number
      readonly severity: Severity
    }
  /** A source that reported steadily fell silent. */
  | { readonly type: 'absence'; readonly after_s: number; readonly severity: Severity }
  /** A level that, at its present speed, is gone (or full) within the horizon. */
  | {
      readonly type: 'forecast'
      readonly horizon_s: number
      readonly window_s: number
      readonly severity: Severity
    }
  /** The values of one dimension lie further apart than is fair. */
  | {
      readonly type: 'spread'
      readonly by: 'app'
      readonly beyond: number
      readonly window_s: number
      readonly severity: Severity
    }
  /** One value's share of all that is counted jumps, where a planned pulse would lift every value alike: a flood of bots. */
  | {
      readonly type: 'mix'
      /** Dimensions whose values are compared. */
      readonly by: readonly ('isp' | 'country' | 'device' | 'os' | 'player_version' | 'region')[]
      readonly window_s: number
      readonly baseline_s: number
      readonly factor: number
      /** Share that the value must have now. */
      readonly share: number
      readonly severity: Severity
    }
  /** A branch's metric is beyond what is tolerated, at one of its nodes; a metric by the window counts events within it. */
  | {
      readonly type: 'limit'
      readonly window_s: number
      /** In the metric's unit; reaching it counts. */
      readonly beyond: number
      readonly severity: Severity
    }
  /** A prize pool gives more than its budget. */
  | { readonly type: 'over_issue'; readonly window_s: number; readonly severity: Severity }
  /** A reference is issued a second time. */
  | { readonly type: 'double_grant'; readonly window_s: number; readonly severity: Severity }
  /** At the pace of its last seconds, less than this share of a pool's budget will be given out when its round ends. */
  | {
      readonly type: 'undistributed'
      readonly window_s: number
      readonly least: number
      readonly severity: Severity
    }
  /** Enough places agree that a check fails. */
  | {
      readonly type: 'quorum'
      readonly by: 'region'
      readonly of: number
      readonly at_least: number
      readonly window_s: number
      readonly severity: Severity
    }

export type Severity = 'critical' | 'warning' | 'info'
