import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What the demo runs beside itself, and how each is installed. */
const PROGRAMS = {
  ffmpeg: { debian: 'ffmpeg', mac: 'brew install ffmpeg', files: [] },
  nginx: {
    debian: 'nginx-light libnginx-mod-rtmp',
    mac: 'brew install nginx, built with the rtmp module',
    files: ['/usr/lib/nginx/modules/ngx_rtmp_module.so'],
  },
  chromium: { debian: 'chromium', mac: 'brew install chromium', files: [] },
} as const

export type Program = keyof typeof PROGRAMS
export const RTMP_MODULE = PROGRAMS.nginx.files[0]

const there = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/** Where a program is, or how to install it. */
export function lookFor(
  program: Program,
  path: string,
): { readonly path: string } | { readonly install: string } {
  const { debian, mac, files } = PROGRAMS[program]
  const found = [...path.split(delimiter), '/usr/sbin', '/usr/bin']
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((file) => there(file, constants.X_OK))
  if (found !== undefined && files.every((file) => there(file, constants.R_OK))) return { path: found }
  return { install: `${program}: apt-get install -y ${debian} (macOS: ${mac})` }
}
