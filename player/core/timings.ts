// Constants of a file that imports nothing are written by the bundler where they are used.

/** While it stalls a player beats each second, after so many of these beats each five seconds. */
export const STALL_BEATS = 5
export const STALL_BEATS_MS = 1_000
export const LATER_BEATS_MS = 5_000
/** An error with the same code is told once in this time. */
export const SAME_ERROR_MS = 10_000
/** A page that goes says so twice within this time: hidden, and gone. */
export const TWICE_MS = 100
/** Timers of a page in the background run once a minute; without one for this long it slept. */
export const SLEPT_MS = 90_000
/** A picture that was ready for this long before `play` waited for the viewer: its autoplay was blocked. */
export const BLOCKED_MS = 1_000
/** How often the collector is asked for the time in a row, how far apart, after no answer, and from then on. */
export const CLOCK_SAMPLES = 4
export const CLOCK_APART_MS = 150
export const CLOCK_RETRY_MS = 10_000
export const CLOCK_REFRESH_MS = 300_000
