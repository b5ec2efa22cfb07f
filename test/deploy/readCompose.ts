import { goProgram } from './goProgram.ts'

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
  return JSON.parse(await goProgram('compose', [file], environment)) as ComposeFile
}
