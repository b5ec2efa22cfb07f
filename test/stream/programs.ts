import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs the harness runs, and the Debian package that brings each. */
const DEBIAN_PACKAGES = {
  ffmpeg: 'ffmpeg',
  nginx: 'nginx-light libnginx-mod-rtmp',
  chromium: 'chromium',
  prometheus: 'prometheus',
} as const

export type Program = keyof typeof DEBIAN_PACKAGES

/** Where Debian's libnginx-mod-rtmp puts its module. */
export const RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'

function isThere(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function missing(program: Program, what: string): Error {
  return new Error(`${what} is missing: apt-get install -y ${DEBIAN_PACKAGES[program]}`)
}

/** The absolute path of a program. Throws an error that names the Debian package when it is not installed. */
export function findProgram(program: Program): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  for (const folder of folders) {
    const path = join(folder, program)
    if (folder !== '' && isThere(path, constants.X_OK)) {
      if (program === 'nginx' && !isThere(RTMP_MODULE, constants.R_OK)) throw missing(program, RTMP_MODULE)
      return path
    }
  }
  throw missing(program, program)
}
