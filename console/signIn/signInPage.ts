const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

/** The form for a name and a password. It needs no script, so that it works before anything else of the page is loaded. */
export function signInPage({ to, problem }: { readonly to: string; readonly problem?: string }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in · Firstframe</title></head>
<body><main><h1>Firstframe</h1>${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<form method="post" action="/sign-in"><input type="hidden" name="to" value="${escapeHtml(to)}">
<p><label>Name <input name="name" autocomplete="username" required autofocus></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button></p></form></main></body></html>`
}

/** A page that says why somebody who signed in elsewhere is not let in. */
export function refusedPage(problem: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Firstframe</title></head>
<body><main><h1>Firstframe</h1><p role="alert">${escapeHtml(problem)}</p><p><a href="/sign-in">Sign in</a></p></main></body></html>`
}

/** Where to go after signing in: a page of this console, never an address elsewhere. */
export const ownPath = (to: unknown): string =>
  typeof to === 'string' && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(to) && !to.startsWith('/sign-') ? to : '/'
