import { statfsSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { LogError } from './log.ts'

/** The file grows by so many bytes at a time. */
const STEP_BYTES = 8 << 20
/** Free space is read from the system at most this often. */
const FRESH_MS = 100

export interface DiskSpaceOptions {
  /** The storage's file. */
  readonly file: string
  /** Bytes of the file that the storage has used so far, from its beginning. */
  readonly usedEnd_bytes: () => number
  /** Free bytes of the file system that appends must leave. */
  readonly floor_bytes: number
  /** Free bytes of the file system; a test passes its own. */
  readonly free_bytes?: () => number
}

/** Space for the storage's file, allocated before the storage writes. */
export interface DiskSpace {
  /** Free bytes of the file system, at most `FRESH_MS` old. */
  free_bytes(): number
  /** Why an append of events must be refused now, or undefined. */
  short(): string | undefined
  /**
   * Makes sure that the storage can write so many bytes without asking the file system for a block.
   * @throws LogError `full` when the file system has no room
   */
  allocate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** The floor of a file system of this size: 256 MiB, or a tenth of a small one. */
export const defaultFloor_bytes = (path: string): number => {
  const { blocks, bsize } = statfsSync(path)
  return Math.min(256 << 20, Math.floor((blocks * bsize) / 10))
}

/**
 * Keeps blocks allocated behind the last page that LMDB uses. A write of LMDB that meets a full disk corrupts the heap of
 * the process, so LMDB never asks the file system for a block: zeros are written behind its last page first, and a
 * failure of that write harms nothing.
 */
export async function openDiskSpace(options: DiskSpaceOptions): Promise<DiskSpace> {
  const { file, usedEnd_bytes, floor_bytes } = options
  const readFree =
    options.free_bytes ??
    (() => {
      const { bavail, bsize } = statfsSync(file)
      return bavail * bsize
    })
  const handle: FileHandle = await open(file, 'r+')
  let end_bytes = statSync(file).size
  let free = { bytes: readFree(), read_ms: performance.now() }

  function free_bytes(): number {
    const now = performance.now()
    if (now - free.read_ms > FRESH_MS) free = { bytes: readFree(), read_ms: now }
    return free.bytes
  }

  async function grow(bytes: number): Promise<void> {
    const zeros = Buffer.alloc(Math.min(bytes, STEP_BYTES))
    const target = end_bytes + bytes
    while (end_bytes < target) {
      const { bytesWritten } = await handle.write(
        zeros,
        0,
        Math.min(zeros.length, target - end_bytes),
        end_bytes,
      )
      end_bytes += bytesWritten
    }
    // File systems that allocate late report a full disk here, not in the write.
    await handle.datasync()
    free = { bytes: readFree(), read_ms: performance.now() }
  }

  return {
    free_bytes,
    short() {
      const bytes = free_bytes()
      return bytes >= floor_bytes
        ? undefined
        : `the disk has ${megabytes(bytes)} MB free and the floor is ${megabytes(floor_bytes)} MB: free some space`
    },
    async allocate(bytes) {
      const missing = usedEnd_bytes() + bytes - end_bytes
      if (missing <= 0) return
      // Near the floor only what is needed is allocated.
      const roomy = free_bytes() - STEP_BYTES - missing > floor_bytes
      try {
        await grow(roomy ? missing + STEP_BYTES : missing)
      } catch (cause) {
        throw new LogError('full', `the disk is full: ${(cause as Error).message}`, {
          retriable: true,
          cause,
        })
      }
    },
    close: () => handle.close(),
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)
