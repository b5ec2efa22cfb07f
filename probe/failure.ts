import type { ProbeReason } from '../schemas/probeReasons.ts'

/** Why something could not be had: a reason of the registry and the evidence in words. */
export interface Failure {
  readonly reason: ProbeReason
  readonly detail: string
}

const CONNECTION: Readonly<Record<string, ProbeReason>> = {
  ENOTFOUND: 'dns_name_not_found',
  ENODATA: 'dns_name_not_found',
  EAI_AGAIN: 'dns_no_answer',
  ESERVFAIL: 'dns_no_answer',
  ECONNREFUSED: 'connection_refused',
  ETIMEDOUT: 'connection_timed_out',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  EHOSTUNREACH: 'connection_lost',
  ENETUNREACH: 'connection_lost',
  EADDRNOTALLOWED: 'address_not_allowed',
}

/** How far a connection had come when it failed. */
export type Reached = 'nothing' | 'dns' | 'tcp' | 'tls'

/** Names an error of a connection by its code and by how far it had come. */
export function connectionFailure(
  error: Error & { code?: string | undefined },
  reached: Reached,
  secure: boolean,
): Failure {
  const inner = (error as { errors?: (Error & { code?: string })[] }).errors?.[0]
  const code = error.code ?? inner?.code ?? ''
  const detail = error.message || inner?.message || code
  const known = CONNECTION[code]
  // cut or refused between TCP and TLS: the handshake is what broke
  if (secure && reached === 'tcp' && known !== 'connection_timed_out') return { reason: 'tls_failed', detail }
  if (known !== undefined) return { reason: known, detail }
  if (reached === 'nothing') return { reason: 'dns_no_answer', detail }
  return { reason: 'connection_lost', detail }
}

export interface Certificate {
  readonly validFrom_ms: number
  readonly validTo_ms: number
  readonly names: string
}

/** Names what is wrong with a certificate: dates first, since they are what a person can check. */
export function certificateFailure(
  certificate: Certificate,
  authorizationError: string | undefined,
  now_ms: number,
): Failure | undefined {
  const day = (ms: number) => new Date(ms).toISOString()
  if (certificate.validTo_ms < now_ms) {
    return { reason: 'certificate_expired', detail: `it was valid until ${day(certificate.validTo_ms)}` }
  }
  if (certificate.validFrom_ms > now_ms) {
    return {
      reason: 'certificate_not_yet_valid',
      detail: `it is valid from ${day(certificate.validFrom_ms)}`,
    }
  }
  if (authorizationError === undefined) return undefined
  if (authorizationError === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { reason: 'certificate_wrong_name', detail: `it is for ${certificate.names}` }
  }
  return { reason: 'certificate_untrusted', detail: authorizationError }
}
