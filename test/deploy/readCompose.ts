import { fileURLToPath } from 'node:url'
import { run } from '../clients/run.ts'

const HERE = fileURLToPath(new URL('./go', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../../.cache/deploy/read-compose', import.meta.url))
const HOW = 'Go 1.26 or newer, from https://go.dev/dl (its modules come from GOPROXY)'

export interface Service {
  readonly image?: string
  readonly command?: readonly string[] | null
  readonly environment?: Readonly<Record<string, string | null>>
  readonly volumes?: readonly {
    readonly type: 'bind' | 'volume'
    readonly source: string
    readonly target: string
  }[]
  readonly ports?: readonly {
    readonly target: number
    readonly published: string
    readonly host_ip?: string
  }[]
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly memory?: string } } }
  readonly user?: string
  readonly privileged?: boolean
  readonly stop_grace_period?: string
  readonly profiles?: readonly string[]
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<
    Record<string, { readonly ipam?: { readonly config: readonly { readonly subnet: string }[] } }>
  >
}

/** A compose file as `docker compose` reads it. Throws what its loader says when it does not fit the specification. */
export async function readCompose(
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<ComposeFile> {
  await run('go', ['build', '-buildvcs=false', '-o', PROGRAM, '.'], { cwd: HERE, howToGet: HOW })
  const pairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return JSON.parse(await run('env', [...pairs, PROGRAM, file], { howToGet: HOW })) as ComposeFile
}
