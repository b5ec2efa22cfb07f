import { ADVICE, type TimeAnswer } from '../../schemas/beacon.ts'
import type { PostAnswer } from '../core/sender.ts'
import type { PlainHost } from './monitorPlain.ts'

/** An answer of `request`: WeChat and Douyin say `statusCode` and `header`, Alipay and Taobao `status` and `headers`. */
interface RequestAnswer {
  readonly statusCode?: number
  readonly status?: number
  readonly header?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly data?: unknown
}

/** The container's global object (`wx`, `my`, `tt`), as far as it is used. */
export interface MiniProgramApi {
  readonly request?: (options: object) => unknown
  /** Alipay before `my.request`. */
  readonly httpRequest?: (options: object) => unknown
  readonly getStorageSync?: (name: never) => unknown
  readonly setStorageSync?: (...args: never[]) => unknown
  readonly onAppHide?: (run: () => void) => void
}

const parsed = (data: unknown): unknown => {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** Sends one request in the form that all containers take. Never rejects; status 0: nobody answered. */
function send(api: MiniProgramApi, url: string, method: 'GET' | 'POST', body?: string): Promise<PostAnswer> {
  const headers = { 'content-type': 'text/plain' }
  return new Promise((resolve) => {
    const request = api.request ?? api.httpRequest
    if (request === undefined) return resolve({ status: 0 })
    request({
      url,
      method,
      data: body,
      header: headers,
      headers,
      dataType: 'text',
      success: ({ statusCode, status, header, headers: given, data }: RequestAnswer) => {
        const fields = header ?? given ?? {}
        const headerOf = (wanted: string): string | null => {
          const name = Object.keys(fields).find((each) => each.toLowerCase() === wanted)
          return name === undefined ? null : String(fields[name])
        }
        resolve({
          status: statusCode ?? status ?? 0,
          retryAfter: headerOf('retry-after'),
          advice: headerOf(ADVICE),
          answer: parsed(data) as PostAnswer['answer'],
        })
      },
      // Alipay calls an answer of 4xx or 5xx a failure, with its status.
      fail: ({ statusCode, status }: RequestAnswer = {}) => resolve({ status: statusCode ?? status ?? 0 }),
    })
  })
}

/** The host of WeChat (`wx`), Alipay and Taobao (`my`) and Douyin (`tt`): no DOM, their request API. */
export const miniProgramHost = (api: MiniProgramApi): PlainHost => ({
  now: () => Date.now(),
  wall: () => Date.now(),
  later: (run, ms) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  post: (url, body) => send(api, url, 'POST', body),
  time: async (url) => {
    const { status, answer } = await send(api, url, 'GET')
    return status === 200 ? (answer as unknown as TimeAnswer) : undefined
  },
})

const VIEWER_KEY = 'firstframe.viewer'

/**
 * A random name of this device that its storage keeps, so that a viewer who comes again counts once. Alipay's storage takes
 * an object (`{ key, data }`), the others take a name and a value.
 */
export function storedViewer(
  api: MiniProgramApi,
  {
    alipay = false,
    random = Math.random,
  }: { readonly alipay?: boolean; readonly random?: () => number } = {},
): string {
  const read = api.getStorageSync as ((name: unknown) => unknown) | undefined
  const write = api.setStorageSync as ((...args: unknown[]) => unknown) | undefined
  const made = Array.from({ length: 16 }, () => Math.floor(random() * 36).toString(36)).join('')
  try {
    const found = alipay
      ? (read?.({ key: VIEWER_KEY }) as { data?: unknown } | null)?.data
      : read?.(VIEWER_KEY)
    if (typeof found === 'string' && found !== '') return found
    if (alipay) write?.({ key: VIEWER_KEY, data: made })
    else write?.(VIEWER_KEY, made)
  } catch {
    // A full or forbidden storage: the viewer counts anew next time.
  }
  return made
}
