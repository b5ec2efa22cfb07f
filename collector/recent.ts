import { ownText } from './ownText.ts'

/**
 * Remembers what `make` made of the keys seen lately, at most twice `most` of them: two generations, so that whoever was
 * not seen for a while is forgotten without keeping an order. Text keys are copied, so that they keep nothing else alive.
 */
export function recent<Key extends string | number, Value>(most: number, make: (key: Key) => Value) {
  let current = new Map<Key, Value>()
  let before = new Map<Key, Value>()
  return {
    of(key: Key): Value {
      const known = current.get(key)
      if (known !== undefined) return known
      const value = before.get(key) ?? make(key)
      if (current.size >= most) {
        before = current
        current = new Map()
      }
      current.set((typeof key === 'string' ? ownText(key) : key) as Key, value)
      return value
    },
    forget(): void {
      current = new Map()
      before = new Map()
    },
  }
}
