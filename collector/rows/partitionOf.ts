/** FNV-1a over the key's UTF-16 units: the same session always goes to the same partition. */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  // The low bits of FNV are the weak ones where keys differ in their last characters only.
  hash ^= hash >>> 16
  return (hash >>> 0) % partitions
}
