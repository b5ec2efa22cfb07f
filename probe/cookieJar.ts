/** Cookies of one check: what a server sets goes back to that server, and to hosts below the domain it names. */
export interface CookieJar {
  readonly take: (url: URL, setCookie: readonly string[] | undefined) => void
  /** The `Cookie` header for a URL; undefined: none. */
  readonly headerFor: (url: URL) => string | undefined
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
}

const MOST = 50
const LONGEST = 4_096

const within = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

/** The cookies of one check: what answers set is sent along where it belongs. */
export function cookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>()

  function read(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.slice(0, LONGEST).split(';')
    const at = pair.indexOf('=')
    if (at < 1) return
    const values = new Map(
      attributes.map((each) => {
        const [name = '', ...value] = each.trim().split('=')
        return [name.toLowerCase(), value.join('=')] as const
      }),
    )
    const named = (values.get('domain') ?? '').replace(/^\./, '').toLowerCase()
    // A server may name only a domain that it is in, and no top-level one.
    const hostOnly = named === '' || !named.includes('.') || !within(url.hostname, named)
    const path = values.get('path') ?? ''
    const cookie: Cookie = {
      name: pair.slice(0, at).trim(),
      value: pair.slice(at + 1).trim(),
      domain: hostOnly ? url.hostname : named,
      hostOnly,
      path: path.startsWith('/') ? path : url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1) || '/',
      secure: values.has('secure'),
    }
    const key = `${cookie.domain} ${cookie.path} ${cookie.name}`
    const over = Number(values.get('max-age') ?? 1) <= 0 || Date.parse(values.get('expires') ?? '') <= 0
    if (over) cookies.delete(key)
    else if (cookies.has(key) || cookies.size < MOST) cookies.set(key, cookie)
  }

  return {
    take: (url, lines = []) => {
      for (const line of lines) read(url, line)
    },
    headerFor: (url) => {
      const fitting = [...cookies.values()].filter(
        ({ domain, hostOnly, path, secure }) =>
          (hostOnly ? url.hostname === domain : within(url.hostname, domain)) &&
          url.pathname.startsWith(path) &&
          (!secure || url.protocol === 'https:'),
      )
      return fitting.length === 0
        ? undefined
        : fitting.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
  }
}
