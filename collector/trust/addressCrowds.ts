import { networkOf } from '../limits/networkOf.ts'
import { ownText } from '../ownText.ts'

const WINDOW_MS = 600_000
const MOST = 20_000
/** New sessions of one address in ten minutes from which on they are doubted, and from which on they are set apart. */
export const CROWD = { doubted: 1_000, apart: 5_000 } as const
const DOUBTED = 30
const APART = 60

/**
 * How much the number of sessions that one address began takes away from a further one. Sessions that were there before
 * the crowd are not touched. A private address may be a proxy that nobody declared, so it is never reason enough alone.
 */
export function createAddressCrowds(): (address: string, isNew: boolean, received_ms: number) => number {
  let current = new Map<string, number>()
  let before = new Map<string, number>()
  let turned_ms = 0
  return function crowdDoubt(address, isNew, received_ms) {
    if (!isNew) return 0
    if (received_ms - turned_ms > WINDOW_MS || current.size >= MOST) {
      before = current
      current = new Map()
      turned_ms = received_ms
    }
    const count = (current.get(address) ?? 0) + 1
    current.set(count === 1 ? ownText(address) : address, count)
    const sessions = count + (before.get(address) ?? 0)
    if (sessions <= CROWD.doubted) return 0
    return sessions <= CROWD.apart || networkOf(address).isPrivate ? DOUBTED : APART
  }
}
