import { literal } from '../../schemas/sql.ts'
import type { Engine } from './engine.ts'
import { refusal } from './errors.ts'
import type { Spool } from './spool.ts'

/** Encodings that the engine undoes, since Node 20 cannot (clickhouse-connect inserts with lz4). */
const BY_ENGINE: Readonly<Record<string, string>> = {
  lz4: 'lz4',
  zstd: 'zstd',
  xz: 'xz',
  bz2: 'bz2',
  snappy: 'snappy',
}

/** Whether the engine itself reads this content encoding. */
export function inflatedByEngine(encoding: string): boolean {
  return encoding in BY_ENGINE
}

/** Decompresses a body by the engine, within a bound. */
export async function inflateByEngine(
  {
    engine,
    spool,
    max_bytes,
  }: { readonly engine: Engine; readonly spool: Spool; readonly max_bytes: number },
  body: { readonly encoding: string; readonly bytes: readonly Uint8Array[] },
): Promise<Buffer> {
  const file = await spool.put(body.bytes)
  const connection = engine.connect()
  try {
    await connection.run(
      `SET max_result_bytes = ${max_bytes}, result_overflow_mode = 'throw', max_memory_usage = ${max_bytes * 4}`,
    )
    const source = `file(${literal(file.path)}, 'RawBLOB', 'bytes String', '${BY_ENGINE[body.encoding]}')`
    const result = await connection.run(`SELECT bytes FROM ${source}`, 'RawBLOB', [file.path])
    return Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength)
  } catch (error) {
    const { code, message } = error as { code?: number; message: string }
    if (code === 396 || code === 241) {
      throw refusal('queryTooLarge', `Body is too large: more than ${max_bytes} bytes`)
    }
    throw refusal('noBody', `Cannot decompress the body: ${message}`)
  } finally {
    connection.close()
    await file.remove()
  }
}
