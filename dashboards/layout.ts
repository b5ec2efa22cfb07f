import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

const WIDTH = 24

/** Puts every panel at the highest free place from the left, in its order; a row begins below everything before it. Widths and heights stay. */
export function layOut(panels: NonNullable<Dashboard['panels']>): void {
  const heights = new Array<number>(WIDTH).fill(0)
  for (const panel of panels) {
    const row = panel.type === 'row'
    const w = row ? WIDTH : Math.min(panel.gridPos?.w ?? 12, WIDTH)
    const h = row ? 1 : (panel.gridPos?.h ?? 8)
    let [x, y] = [0, Math.max(...heights)]
    if (!row) {
      for (let left = 0; left + w <= WIDTH; left += 1) {
        const top = Math.max(...heights.slice(left, left + w))
        if (top < y) [x, y] = [left, top]
      }
    }
    panel.gridPos = { x, y, w, h }
    heights.fill(y + h, x, x + w)
  }
}
