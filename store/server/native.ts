/** placeholder, replaced below */
export const frameNative = (bytes: Uint8Array, _revision: number): Uint8Array => bytes
export const unframeNative = (bytes: Uint8Array, _revision: number): Uint8Array => bytes
export async function* frameNativeChunks(
  source: AsyncGenerator<Uint8Array, void>,
  revision: number,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of source) yield frameNative(chunk, revision)
}
