/** When somebody is woken: thresholds of paging, in one place. */
export const PAGING = {
  /** Pages a show may send within an hour, and as many of what stands beside its link; further incidents are shown, and paged when there is room again. */
  pages_per_hour: 6,
  /** An incident that costs less is shown and pages nobody: fewer viewers, or fewer viewer minutes lost in a minute … */
  tiny_viewers: 3,
  tiny_lost_per_min: 0.5,
  /** … or a smaller share of the time of all who watch. */
  tiny_share: 0.0001,
  /** A warning that costs this share of the time of all who watch, and so many viewer minutes a minute, is critical. */
  large_share: 0.1,
  large_lost_per_min: 20,
} as const
