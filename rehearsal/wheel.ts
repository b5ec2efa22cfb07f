/** A timing wheel over small whole numbers: what is due when, in steps of `step_ms`, as far ahead as one turn. */
export class Wheel {
  private readonly slots: number[][]
  private readonly step_ms: number
  private at: number

  constructor({
    start_ms,
    step_ms = 50,
    slots = 4096,
  }: { start_ms: number; step_ms?: number; slots?: number }) {
    this.step_ms = step_ms
    this.at = Math.floor(start_ms / step_ms)
    this.slots = Array.from({ length: slots }, () => [])
  }

  /**
   * Beyond one turn it comes back early; the owner looks at its own time and puts it in again.
   * @returns when it comes back; what comes back at another time was put in before and is out of date
   */
  put(item: number, due_ms: number): number {
    const due = Math.min(
      Math.max(Math.ceil(due_ms / this.step_ms), this.at + 1),
      this.at + this.slots.length - 1,
    )
    this.slots[due % this.slots.length]!.push(item)
    return due * this.step_ms
  }

  /** Calls for everything due up to `to_ms`, step by step. */
  turn(to_ms: number, each: (item: number, step_end_ms: number) => void): void {
    const to = Math.floor(to_ms / this.step_ms)
    while (this.at < to) {
      this.at += 1
      const slot = this.slots[this.at % this.slots.length]!
      if (slot.length === 0) continue
      const items = slot.splice(0)
      for (const item of items) each(item, this.at * this.step_ms)
    }
  }
}
