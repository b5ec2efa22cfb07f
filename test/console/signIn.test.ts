import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import Provider from 'oidc-provider'
import type { Browser, Page } from 'playwright-core'
import { buildPage } from '../../console/build.ts'
import { type ConsoleOptions, createConsole } from '../../console/server/console.ts'
import { hashPassword } from '../../console/signIn/accounts.ts'
import type { SignInOptions } from '../../console/signIn/serveSignIn.ts'
import { freePort } from '../stream/freePort.ts'
import { launchBrowser } from '../stream/index.ts'
import { seriousFaults } from './axe.ts'
import { incidentOf } from './stage/scene.ts'

/** A real browser, a real OpenID provider, and a page of another site that tries to have the console asked. */

let browser: Browser
const servers: (Server | FastifyInstance)[] = []
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  for (const server of servers) await server.close()
})

const html = Buffer.from('<!doctype html><title>Firstframe</title><h1>the page</h1>')

async function startConsole(
  port: number,
  signIn: SignInOptions,
  storeUrl: string,
  own: Partial<ConsoleOptions> = {},
): Promise<string> {
  const app = createConsole({
    sql: { url: storeUrl, user: 'reader', password: '' },
    metrics: async () => ({ contentType: 'text/plain', text: 'metrics' }),
    page: {
      html: { path: '/', type: 'text/html', body: html, gzipped: gzipSync(html) },
      files: [],
      bytes: 0,
    },
    names: [],
    api: {
      store: {} as never,
      incidents: { onChange: () => () => undefined } as never,
      clock: Date.now,
      tenants: ['a', 'b'],
      beaconsPort: 8080,
      runbooks: '/nowhere',
    },
    signIn,
    ...own,
  })
  servers.push(app)
  await app.listen({ host: '127.0.0.1', port })
  return `http://127.0.0.1:${port}`
}

/** A server that counts what it is asked. */
async function startCounter(answer: string): Promise<{ url: string; port: number; asked: string[] }> {
  const requested: string[] = []
  const server = createServer((request, response) => {
    requested.push(request.url ?? '')
    response.setHeader('content-type', 'text/html').end(answer)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked: requested }
}

/** The provider's own page for names: any password will do. */
async function signInThere(page: Page, name: string): Promise<void> {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]') // consent
}

test('OpenID: who has a role comes back to the page they wanted, who has none is refused, signing out ends it', async () => {
  const [consolePort, providerPort] = [await freePort(), await freePort()]
  const issuer = `http://127.0.0.1:${providerPort}`
  const callback = `http://127.0.0.1:${consolePort}/sign-in/callback`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'firstframe', client_secret: 'secret-of-the-client', redirect_uris: [callback] }],
    claims: { openid: ['sub', 'groups'], email: ['email'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of this test'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        email: `${id}@example.org`,
        groups: id === 'ana' ? ['sre', 'staff'] : ['staff'],
      }),
    }),
  })
  await new Promise<void>((resolve) =>
    servers.push(provider.listen(providerPort, '127.0.0.1', () => resolve())),
  )
  const trail: string[] = []
  const url = await startConsole(
    consolePort,
    {
      kind: 'openid',
      secret: 'x'.repeat(32),
      clock: Date.now,
      https: false,
      session_hours: 1,
      accounts: [],
      openid: {
        issuer,
        client_id: 'firstframe',
        client_secret: 'secret-of-the-client',
        scope: 'openid email',
        claim: 'groups',
        grants: [{ value: 'sre', role: 'operator', tenants: ['a'] }],
        callback,
      },
      revoked_tokens: [],
      audit: {
        note: ({ who, action, status }) => void trail.push(`${action} ${who} ${status}`),
        list: async () => [],
        close: async () => undefined,
      },
    },
    'http://127.0.0.1:1',
  )
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${url}/show/gala?at=7`)
  assert.ok(page.url().startsWith(issuer), page.url())
  await signInThere(page, 'ana')
  await page.waitForURL(`${url}/show/gala?at=7`)
  const me = await page.evaluate(() => fetch('/api/me').then((answer) => answer.json()))
  assert.deepEqual(me, { name: 'ana@example.org', role: 'operator', tenants: ['a'], how: 'session' })
  assert.deepEqual((await page.evaluate(() => fetch('/api/about').then((answer) => answer.json()))).tenants, [
    'a',
  ])
  assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads the session')
  await page.evaluate(() => fetch('/sign-out', { method: 'POST', redirect: 'manual' }))
  assert.equal(await page.evaluate(() => fetch('/api/me').then(({ status }) => status)), 401)
  assert.ok(
    trail.includes('signed_in ana@example.org 302') && trail.includes('signed_out ana@example.org 302'),
    trail.join('\n'),
  )

  const other = await (await browser.newContext()).newPage()
  await other.goto(`${url}/`)
  await signInThere(other, 'bob')
  await other.waitForURL(/callback/)
  assert.match((await other.textContent('main')) ?? '', /no role here/)
  assert.equal(await other.evaluate(() => fetch('/api/me').then(({ status }) => status)), 401)

  // an answer that belongs to no sign-in of this browser
  const forged = await (await browser.newContext()).newPage()
  await forged.goto(`${url}/sign-in/callback?code=x&state=y`)
  assert.match((await forged.textContent('main')) ?? '', /another browser/)
})

test('a name and a password: an incident is taken under that name, marked and noted; signing out is said on the page', async () => {
  const began_ms = Date.now() - 72_000
  const incident = incidentOf({ id: 'inc-edge', tenant: 'a', began_ms })
  const kept = new Map<string, string>()
  const trail: string[] = []
  const port = await freePort()
  const account = {
    name: 'ana',
    role: 'operator',
    tenants: ['a'],
    password_hash: await hashPassword('right'),
  }
  const url = await startConsole(
    port,
    {
      kind: 'accounts',
      secret: 'x'.repeat(32),
      clock: Date.now,
      https: false,
      session_hours: 1,
      accounts: [account as never],
      revoked_tokens: [],
      audit: {
        note: ({ who, action, detail, status }) => void trail.push(`${who} ${action} ${detail} ${status}`),
        list: async () => [],
        close: async () => undefined,
      },
    },
    'http://127.0.0.1:1',
    {
      page: await buildPage(),
      planned: {
        values: kept,
        put: async (key: string, value: string | null) => void kept.set(key, String(value)),
      } as never,
      api: {
        store: { query: async () => [] } as never,
        incidents: {
          onChange: () => () => undefined,
          list: async () => [incident],
          one: async (tenant: string, id: string) =>
            tenant === 'a' && id === incident.id ? incident : undefined,
        } as never,
        clock: Date.now,
        tenants: ['a', 'b'],
        beaconsPort: 8080,
        runbooks: '/nowhere',
      },
    },
  )
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await page.goto(`${url}/incident/inc-edge`)
  await page.fill('input[name=name]', 'ana')
  await page.fill('input[name=password]', 'right')
  await page.click('button')
  await page.waitForURL(`${url}/incident/inc-edge`)
  const onCall = page.locator('.on-call')
  await onCall.getByRole('button', { name: 'I take it' }).click()
  await onCall.getByText(/^ana has it since \d\d:\d\d:\d\d$/).waitFor()
  await onCall.getByLabel('Note').fill('the CDN is called')
  await onCall.getByRole('button', { name: 'Save' }).click()
  await onCall.getByText('ana ·').waitFor()
  await onCall.getByRole('button', { name: 'Noise' }).click()
  await onCall.locator('[aria-pressed="true"]', { hasText: 'Noise' }).waitFor()
  const saved = [...kept].map(([key, value]) => [key, JSON.parse(value) as Record<string, unknown>] as const)
  assert.deepEqual(
    saved.map(([key, { owner, note, mark, by }]) => [key, owner, note, mark, by]),
    [
      ['handling/inc-edge', 'ana', 'the CDN is called', undefined, 'ana'],
      ['mark/inc-edge', undefined, undefined, 'noise', 'ana'],
    ],
  )
  await page.reload()
  await onCall.getByText(/^ana has it/).waitFor()
  assert.ok(trail.includes('ana changed PUT /api/incidents/inc-edge/handling 204'), trail.join('\n'))

  // signed out in another tab: this one says so, keeps what was seen, and leads to the form
  await page.evaluate(() => fetch('/sign-out', { method: 'POST' }))
  await page.locator('.banner.lost', { hasText: 'You are signed out' }).waitFor({ timeout: 5_000 })
  await page.locator('.banner.lost a').click()
  await page.fill('input[name=name]', 'ana')
  await page.fill('input[name=password]', 'right')
  await page.click('button')
  await page.waitForURL(`${url}/incident/inc-edge`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${url}/sign-in`)
  assert.deepEqual(await seriousFaults(page), [])
  assert.ok((await page.locator('button').boundingBox())!.height >= 44)
})

test('a page of another site has nothing asked: by address, link, form, frame, image, script or fetch', async () => {
  const store = await startCounter('1')
  const url = await startConsole(await freePort(), { kind: 'none' }, store.url)
  const target = `${url}/clickhouse/?query=SELECT+1`
  const evil = await startCounter(`<!doctype html><body>
    <a id="link" href="${target}">link</a><a id="blank" target="_blank" href="${target}">link</a>
    <form id="get" action="${url}/clickhouse/"><input name="query" value="SELECT 1"></form>
    <form id="post" method="post" enctype="text/plain" action="${url}/clickhouse/"><input name="SELECT 1 --" value=""></form></body>`)
  const attempts: ((page: Page) => Promise<unknown>)[] = [
    (page) => page.evaluate((to) => void (location.href = to), target),
    (page) => page.click('#link'),
    (page) => page.click('#blank'),
    (page) => page.evaluate(() => (document.getElementById('get') as HTMLFormElement).submit()),
    (page) => page.evaluate(() => (document.getElementById('post') as HTMLFormElement).submit()),
    (page) => page.evaluate((to) => window.open(to) === null, target),
    (page) => page.evaluate((to) => fetch(to, { mode: 'no-cors' }).catch(() => undefined), target),
    (page) =>
      page.evaluate(
        (to) => fetch(to, { method: 'POST', mode: 'no-cors', body: 'SELECT 1' }).catch(() => undefined),
        target,
      ),
    (page) => page.evaluate((to) => navigator.sendBeacon(to, 'SELECT 1'), target),
    ...['iframe', 'img', 'script', 'object', 'embed', 'link'].map(
      (tag) => (page: Page) =>
        page.evaluate(
          ([name, to]) => {
            const element = document.createElement(name as string)
            if (name === 'link') element.setAttribute('rel', 'stylesheet')
            for (const attribute of ['src', 'data', 'href']) element.setAttribute(attribute, to as string)
            document.body.append(element)
          },
          [tag, target],
        ),
    ),
  ]
  // `localhost` and `127.0.0.1` are two sites to a browser
  const tryOut = async (attempt: (typeof attempts)[number]): Promise<void> => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`http://localhost:${evil.port}/`)
    const answered = page
      .waitForResponse((response) => response.url().startsWith(url), { timeout: 1_000 })
      .catch(() => undefined)
    await attempt(page)
    await answered
    await context.close()
  }
  await Promise.all(attempts.map(tryOut))
  assert.deepEqual(store.asked, [])
  const page = await browser.newPage()
  await page.goto(`${url}/show/gala`)
  assert.equal(
    await page.evaluate(() => fetch('/clickhouse/?query=SELECT+1').then(({ status }) => status)),
    200,
  )
  assert.equal(store.asked.length, 1, 'the console’s own page may ask')
})
