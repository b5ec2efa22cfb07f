import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

/** The colours of the console's page, which is not loaded before somebody has signed in. */
const STYLE = `:root{color-scheme:dark light;--bg:#0a0e13;--panel:#11171f;--line:#93a1b2;--text:#e8eef5;--accent:#58b6ff;--on:#04121f;--alarm:#ff6464}
@media (prefers-color-scheme:light){:root{--bg:#f3f5f8;--panel:#fff;--line:#566474;--text:#14202c;--accent:#0a67c4;--on:#fff;--alarm:#c4202e}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);color:var(--text);font:400 16px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{box-sizing:border-box;width:min(360px,100vw);padding:24px;background:var(--panel);border-radius:8px;overflow-wrap:anywhere}
h1{margin:0 0 16px;font-size:20px}label{display:block;font-weight:600}
input,button{box-sizing:border-box;width:100%;min-height:44px;margin-top:4px;padding:0 12px;font:inherit;border:1px solid var(--line);border-radius:8px;background:var(--bg);color:var(--text)}
button{margin-top:8px;border:0;background:var(--accent);color:var(--on);font-weight:600;cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}a{color:var(--accent)}[role=alert]{color:var(--alarm);font-weight:600}`

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`

const WORDS = {
  en: {
    signIn: 'Sign in',
    name: 'Name',
    password: 'Password',
    wrong: 'The name or the password is wrong.',
    late: 'The sign-in took too long, or began in another browser.',
    noRole: 'You are signed in, and have no role here: ask for one in sign_in.grants.',
    refused: 'The provider’s answer was not accepted:',
  },
  zh: {
    signIn: '登录',
    name: '用户名',
    password: '密码',
    wrong: '用户名或密码错误。',
    late: '登录超时，或在另一个浏览器中开始。',
    noRole: '你已登录，但在此没有角色：请管理员在 sign_in.grants 中添加。',
    refused: '未接受登录服务的答复：',
  },
} as const

export type Problem = 'wrong' | 'late' | 'noRole' | 'refused'

type Lang = keyof typeof WORDS

const langOf = ({ headers }: FastifyRequest): Lang =>
  /^zh/i.test(headers['accept-language'] ?? '') ? 'zh' : 'en'

function send(reply: FastifyReply, lang: Lang, main: string): FastifyReply {
  return reply
    .type('text/html')
    .headers({ 'cache-control': 'no-store', 'content-security-policy': POLICY })
    .send(`<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${WORDS[lang].signIn} · Firstframe</title><style>${STYLE}</style></head>
<body><main><h1>Firstframe</h1>${main}</main></body></html>`)
}

const alertOf = (text: string): string => `<p role="alert">${escapeHtml(text)}</p>`

/** The form for a name and a password. It needs no script, so that it works before anything else of the page is loaded. */
export function sendSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  { to, problem }: { readonly to: string; readonly problem?: Problem },
): FastifyReply {
  const lang = langOf(request)
  const words = WORDS[lang]
  return send(
    reply,
    lang,
    `${problem === undefined ? '' : alertOf(words[problem])}<form method="post" action="/sign-in"><input type="hidden" name="to" value="${escapeHtml(to)}">
<p><label>${words.name} <input name="name" autocomplete="username" required autofocus></label></p>
<p><label>${words.password} <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>${words.signIn}</button></p></form>`,
  )
}

/** A page that says why somebody who signed in elsewhere is not let in. @param detail what the provider's answer lacked */
export function sendRefused(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  detail = '',
): FastifyReply {
  const lang = langOf(request)
  const words = WORDS[lang]
  return send(
    reply,
    lang,
    `${alertOf(`${words[problem]} ${detail}`.trim())}<p><a href="/sign-in">${words.signIn}</a></p>`,
  )
}

/** Where to go after signing in: a page of this console, never an address elsewhere. */
export const ownPath = (to: unknown): string =>
  typeof to === 'string' && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(to) && !to.startsWith('/sign-') ? to : '/'
