/**
 * What hangs on the link beside the picture's own path: it may break while every viewer is well, so it is judged by itself and
 * explains nothing that viewers feel. `publish`: attempts to publish; `record`: a recorder; `push`: another platform that gets the
 * stream; `standby`: an encoder that waits; `screen`: a kiosk or a screen on site; `ladder`: the renditions that are delivered.
 */
export const BRANCHES = ['publish', 'record', 'push', 'standby', 'screen', 'ladder'] as const
export type Branch = (typeof BRANCHES)[number]

/** Whether a hop’s name is a branch beside the link. */
export const isBranchName = (hop: string | undefined): hop is Branch =>
  (BRANCHES as readonly (string | undefined)[]).includes(hop)
