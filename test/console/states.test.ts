import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../stream/index.ts'
import { seriousFaults } from './axe.ts'
import { contrastUnderBands } from './contrast.ts'
import { countUpdates, watchFrames } from './frames.ts'
import { PLAYS } from './stage/plays.ts'
import { openStage, type Stage } from './stage/serve.ts'

/** Rules that hold in every state of the page, in Chromium, over scripted pictures made by the console's own code. */

const SHOW = '/show/double-11'

let stage: Stage
let browser: Browser

before(async () => {
  stage = await openStage()
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await stage?.close()
})

/** Opens a state at a size, runs a check, and closes it. */
async function look<T>(
  state: keyof typeof PLAYS,
  { path = SHOW, width = 1440, height = 900, ready = '.hop', scheme = 'dark' as 'dark' | 'light' },
  check: (page: Page, play: ReturnType<(typeof PLAYS)[keyof typeof PLAYS]>) => Promise<T>,
): Promise<T> {
  const play = PLAYS[state]()
  stage.play(play)
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: 'reduce',
    colorScheme: scheme,
    locale: 'en-GB',
  })
  try {
    const page = await context.newPage()
    await page.goto(`${stage.url}${path}`)
    await page.locator(ready).first().waitFor()
    return await check(page, play)
  } finally {
    await context.close()
  }
}

/** What is read at the first element of a selector. */
const text = (page: Page, selector: string): Promise<string> =>
  // biome-ignore lint/performance/useDomNodeTextContent: words of neighbouring elements must stay apart, as they are seen
  page.locator(selector).first().innerText()

test('one fault on three streams is one card with shows, streams, viewers and their share; the rest are rows of 40 px', async () => {
  await look('three', { path: '/show/harvest-fair', ready: '.incident' }, async (page) => {
    assert.equal(await page.locator('.incident').count(), 1)
    assert.match(
      (await text(page, '.incident .where')).replaceAll('\n', ' '),
      /cdn-b Guangdong.*3 streams.*59 viewers \(7\s%\).*1 min 1\d s/,
    )
    const heights = await page
      .locator('.incident-row')
      .evaluateAll((rows) => rows.map((row) => row.clientHeight))
    assert.ok(heights.length === 2 && heights.every((height) => height >= 40 && height <= 41), heights.join())
    assert.equal(await text(page, '.count.bad'), '▲ 3 incidents'.replace('▲ ', ''))
  })
})

test('twelve incidents: the four answers on the first screen, the worst first, "8 more", three lanes and "+9"', async () => {
  await look('twelve', { ready: '.incident' }, async (page) => {
    const card = page.locator('.incident')
    const answers = {
      worst: card.locator('h2'),
      place: card.locator('.where b'),
      harm: card.locator('.where', { hasText: '118,400 viewers (10' }),
      todo: card.locator('.act'),
    }
    for (const [answer, place] of Object.entries(answers)) {
      const box = await place.boundingBox()
      assert.ok(box !== null && box.y >= 0 && box.y + box.height <= 900, `${answer}: ${JSON.stringify(box)}`)
    }
    assert.match((await answers.worst.textContent()) ?? '', /cdn-b in Guangdong/)
    assert.equal(await page.locator('.incident-row').count(), 3)
    assert.equal(await text(page, '.more button'), '8 more')
    assert.equal(await page.locator('.lane.fault').count(), 3)
    assert.equal((await text(page, '.more-bands')).trim(), '+9')
    await page.locator('.more button').click()
    assert.equal(await page.locator('.incident-row').count(), 11)
  })
})

test('under twelve incidents the band stays faint and the alarm line keeps 4.5 : 1, dark and light', async (t) => {
  for (const scheme of ['dark', 'light'] as const)
    await look('twelve', { ready: '#edge canvas', scheme }, async (page) => {
      const { contrast, alpha } = await contrastUnderBands(page)
      t.diagnostic(`${scheme}: contrast ${contrast.toFixed(2)}, band ${(alpha * 100).toFixed(1)} %`)
      assert.ok(contrast >= 4.5, `${scheme}: ${contrast}`)
      assert.ok(alpha <= 0.12, `${scheme}: ${alpha}`)
    })
})

test('a cut encoder shows no frame rate: no report for so long, what it was, a hatched gap', async () => {
  await look('cut', { ready: '.hop.sick' }, async (page) => {
    const hop = (await text(page, '.hop.sick')).replaceAll('\n', ' ')
    assert.match(hop, /no report for (3 min 5\d s|4 min)/)
    assert.match(hop, /was 30\.0 fps/)
    const caption = (await text(page, '#encoder .caption')).replaceAll('\n', ' ')
    assert.match(caption, /no report for 3 min 5\d s|no report for 4 min/)
    assert.match(caption, /was 30\.0 fps/)
    assert.equal(await page.locator('.hop:not(.sick) .figure.missed').count(), 0)
  })
  await look('cut', { path: '/incident/inc-cut', ready: '.incident-page table' }, async (page) => {
    const symptoms = await text(page, '.incident-page table')
    assert.match(symptoms, /reporting/)
    assert.match(symptoms, /silent/)
    assert.doesNotMatch(symptoms, /fps/)
  })
})

test('an ended show is grey: when, its peak, its report, and nothing red', async () => {
  await look('ended', { ready: '.banner.ended' }, async (page) => {
    assert.match(await text(page, '.top .audience'), /^Ended \d\d:\d\d · peak 63$/)
    assert.equal(await text(page, '.banner.ended .button'), 'Open report')
    assert.equal(await page.locator('.clock.live, .count, .hop.sick, .hop.silent, .incident').count(), 0)
    assert.deepEqual(await redThings(page), [])
  })
  await look('shows', { path: '/shows', ready: '.show.ended' }, async (page) => {
    assert.match(await text(page, '.show.ended .name'), /Ended \d\d:\d\d · peak 63/)
    assert.equal(await text(page, '.show.ended .report-link'), 'Open report')
  })
})

test('red only with an incident: a calm show has none', async () => {
  await look('calm', {}, async (page) => assert.deepEqual(await redThings(page), []))
})

test('one thing, one number: when it is over the row keeps its metric and its worst, and no sick hop is ruled out', async () => {
  await look('resolved', { ready: '.incident-row.over' }, async (page) => {
    const edge = (await text(page, '#edge .caption')).replaceAll('\n', ' ')
    assert.match(edge, /Edge first byte/)
    assert.match(edge, /worst 8\d\d ms/)
    assert.match((await text(page, '#player .caption')).replaceAll('\n', ' '), /worst 2\d(\.\d+)? \/min/)
  })
  await look('one', { path: '/incident/inc-edge', ready: '.incident' }, async (page) => {
    assert.doesNotMatch(await text(page, '.incident'), /ruled out:[^\n]*(Edge|Player)/)
  })
  await look('one', { ready: '.heat td' }, async (page) => {
    const places = [
      '.top .audience .figure',
      '.heat td small',
      'section:has(h2:text("Fairness")) tbody td:nth-of-type(1)',
    ]
    const sums = await Promise.all(
      places.map(async (place) =>
        (await page.locator(place).allInnerTexts())
          .map((each) => Number(each.replaceAll(',', '')))
          .reduce((total, each) => total + each, 0),
      ),
    )
    assert.deepEqual(sums, [388, 388, 388])
    // The window, and of whom it is, stand under each figure.
    assert.equal(await page.locator('.hop .window').count(), 7)
    assert.match(await text(page, '.hop.sick .window'), /^over 10 s · cdn-b Guangdong$/)
  })
})

test('three viewers do not shout: outlined cells, no red, no warning', async () => {
  await look('small', { path: '/show/rehearsal-room', ready: '.heat td' }, async (page) => {
    assert.equal(await page.locator('.heat td.few').count(), 3)
    assert.equal(await page.locator('.heat :is(.h1, .h2, .h3, .h4)').count(), 0)
    assert.deepEqual(await redThings(page), [])
  })
})

test('slow, store away and lost are told apart, within 5 s, in every view', {
  timeout: 90_000,
}, async (t) => {
  const views = [
    [SHOW, '.incident'],
    ['/shows', '.shows li'],
    ['/incident/inc-edge', '#sessions tbody'],
  ] as const
  const stated = {
    store_away: /The console answers, its store does not \(\d+ s\)/,
    dead: /Firstframe does not answer/,
  }
  const play = PLAYS.one()
  stage.play(play)
  const context = await browser.newContext({ locale: 'en-GB' })
  const pages = await Promise.all(
    views.map(async ([path, ready]) => {
      const page = await context.newPage()
      await page.goto(`${stage.url}${path}`)
      await page.locator(ready).first().waitFor()
      return { page, path, ready }
    }),
  )
  for (const behaviour of ['store_away', 'dead'] as const) {
    play.behaviour = behaviour
    stage.play(play)
    const began = performance.now()
    await Promise.all(
      pages.map(async ({ page, path, ready }) => {
        await page.locator('.banner.lost').waitFor({ timeout: 5_000 })
        t.diagnostic(`${path} ${behaviour}: said after ${Math.round(performance.now() - began)} ms`)
        const banner = await text(page, '.banner.lost')
        assert.match(banner, stated[behaviour])
        assert.match(banner, /As of \d\d:\d\d:\d\d/)
        assert.equal(await page.locator('.hop.well, .count.good, .clock.live').count(), 0)
        assert.equal(
          await page.locator('.caption .now:not(.gone)').count(),
          path === SHOW ? 0 : await page.locator('.caption .now').count(),
        )
        assert.ok(await page.locator(ready).first().isVisible(), 'what was known stays readable')
      }),
    )
    play.behaviour = 'well'
    stage.play(play)
    await Promise.all(
      pages.map(({ page }) => page.locator('.banner.lost').waitFor({ state: 'detached', timeout: 4_000 })),
    )
  }
  await context.close()
  await look('one', {}, async (page, play) => {
    play.behaviour = 'slow'
    stage.play(play)
    await page.keyboard.press('Shift+ArrowLeft')
    await page.locator('.clock.opening', { hasText: /Loading \d\d:\d\d:\d\d …/ }).waitFor({ timeout: 2_000 })
    assert.equal(await page.locator('.clock.live').count(), 0)
    // What stands below says of when it is; when it takes long, the page says why.
    assert.match(await text(page, '.clock.opening time'), /^as of \d\d:\d\d:\d\d$/)
    await page
      .locator('.banner.stale', { hasText: 'has not come yet: the store is slow' })
      .waitFor({ timeout: 5_000 })
  })
})

test('one slow answer is told apart from a slow store: the rest of an incident’s page is there', async () => {
  const play = PLAYS.one()
  play.behaviour = 'slow_course'
  stage.play(play)
  const page = await browser.newPage({ locale: 'en-GB' })
  await page.goto(`${stage.url}/incident/inc-edge`)
  await page.locator('#sessions tbody').waitFor()
  await page.getByText('No answer yet: the store is slow').waitFor({ timeout: 5_000 })
  assert.equal(await page.locator('.banner.lost').count(), 0)
  await page.close()
})

test('a session that is over says so, and leads to the sign-in and back', async () => {
  await look('one', { ready: '.incident' }, async (page, play) => {
    play.signedOut = true
    stage.play(play)
    await page.locator('.banner.lost', { hasText: 'You are signed out' }).waitFor({ timeout: 5_000 })
    assert.equal(await page.locator('.banner.lost a').getAttribute('href'), '/sign-in?to=%2Fshow%2Fdouble-11')
    assert.equal(await page.locator('.hop.well, .count.bad, .clock.live').count(), 0)
  })
})

test('names that senders choose: none, long, alike, of the other direction; 200 streams; sessions set apart', async () => {
  await look('hostile', { ready: '.incident' }, async (page) => {
    const streams = page.locator('section:has(h2:text("200 streams")) tbody th')
    assert.equal(await streams.count(), 12)
    await page.getByRole('button', { name: '188 more' }).click()
    const names = (await streams.allInnerTexts()).map((name) => name.replace('▲', '').trim())
    assert.deepEqual([names.length, new Set(names).size], [200, 200], 'each can be told from the others')
    assert.ok(names.includes('(no name)'))
    assert.match(await text(page, '.note-filter'), /^1,204 sessions are set apart/)
    // A hop that breaks has a figure, and no incident calls it ruled out.
    assert.match(await text(page, '.hop.sick .figure'), /12\.0 fps when opened/)
    assert.doesNotMatch(await text(page, '.incident'), /ruled out:[^\n]*(Transcode|Edge)/)
  })
  await look('twelve', { ready: '.incident' }, async (page) => {
    const rows = (await page.locator('.incident-row .facts span:first-child').allInnerTexts()).map((name) =>
      name.trim(),
    )
    assert.equal(new Set(rows).size, rows.length, rows.join())
  })
})

test('one figure a moment: header, hop and caption say the same', async () => {
  await look('calm', {}, async (page) => {
    const hops = ['encoder', 'ingest', 'transcode', 'origin', 'edge', 'player', 'interaction']
    const pairs = [
      ['#watching .now', '.top .audience .figure'],
      ...hops.map((hop, index) => [`#${hop} .now`, `.hop:nth-child(${index + 1}) .figure`]),
    ]
    const drawn = await page.waitForFunction((selectors) => {
      const figures = selectors.map((pair) => pair.map((each) => document.querySelector(each)))
      const isThere = figures.flat().every((each) => each !== null)
      // All in one turn of the page, which may get the next picture in between.
      // biome-ignore lint/performance/useDomNodeTextContent: what is compared is what is seen
      return isThere && figures.map((pair) => pair.map((each) => (each as HTMLElement).innerText))
    }, pairs)
    for (const [at, [caption, figure]] of ((await drawn.jsonValue()) as string[][]).entries())
      assert.equal(caption!.replaceAll(/\s/g, ''), figure!.replaceAll(/\s/g, ''), pairs[at]!.join(' and '))
  })
})

test('cells and captions lead further: to the sessions of a cell and back, to the incident of a row', async () => {
  await look('one', { ready: '.heat td a' }, async (page) => {
    const requested = page.waitForRequest((request) => request.url().includes('/api/sessions?'))
    await page.locator('.heat tbody tr', { hasText: 'China Mobile' }).locator('td a').nth(1).click()
    const parameters = new URL((await requested).url()).searchParams
    assert.deepEqual(
      ['show', 'isp', 'cdn'].map((name) => parameters.get(name)),
      ['double-11', 'China Mobile', 'cdn-b'],
    )
    await page.locator('#sessions h2', { hasText: 'Sessions of China Mobile · cdn-b' }).waitFor()
    await page.locator('#sessions tbody').waitFor()
    await page.locator('#sessions h2 a').click()
    await page.locator('#sessions').waitFor({ state: 'detached' })
    await page.locator('#edge .caption a').click()
    await page.waitForURL('**/incident/inc-edge*')
  })
})

test('the last show stands beside this one as a grey line that says what it is', async () => {
  await look('compared', { path: `${SHOW}?compare=`, ready: '.hop' }, async (page) => {
    assert.match(await text(page, '.axis h2'), /grey: the last show, the same minute \(.+\)/)
    assert.match(await text(page, '#watching .caption'), /last show \d{3}/)
  })
})

test('an incident since yesterday says the day; that it came back and who has it stand beside it', async () => {
  const hour = new Date().getUTCHours()
  const timezoneId = hour <= 12 ? `Etc/GMT+${hour}` : `Etc/GMT-${24 - hour}`
  stage.play(PLAYS.zero())
  const page = await browser.newPage({ locale: 'en-GB', timezoneId })
  await page.goto(`${stage.url}${SHOW}`)
  await page.locator('.incident').waitFor()
  assert.match(
    await text(page, '.incident .where'),
    /since \d+ \w+ \d\d:\d\d:\d\d[\s\S]*came back 2 times[\s\S]*ana has it/,
  )
  assert.equal(await text(page, '.top .audience .figure'), '0')
  await page.close()
})

test('a first load without an answer says so, and is never "lost" before it was connected', async () => {
  const play = PLAYS.one()
  play.behaviour = 'store_away'
  stage.play(play)
  const page = await browser.newPage()
  await page.goto(`${stage.url}${SHOW}`)
  await page.locator('.banner.lost', { hasText: 'The console answers' }).waitFor({ timeout: 5_000 })
  await page.close()
})

const SIZES = [390, 820, 1440, 2560] as const

test('nothing is off the screen at 390, 820, 1440 and 2560 px, in English and in Chinese', {
  timeout: 90_000,
}, async () => {
  for (const [state, path, ready] of [
    ['twelve', SHOW, '.incident'],
    ['twelve', `${SHOW}?lang=zh`, '.incident'],
    ['cut', SHOW, '.incident'],
    ['hostile', SHOW, '.incident'],
    ['shows', '/shows', '.shows li'],
    ['one', '/incident/inc-edge', '#sessions tbody'],
  ] as const)
    await look(state, { path, ready }, async (page) => {
      for (const width of SIZES) {
        await page.setViewportSize({ width, height: 900 })
        // Charts follow their width a frame later.
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        )
        const outside = await page.evaluate(() => {
          const wide = document.documentElement.clientWidth
          return [...document.querySelectorAll('main *, header *')]
            .filter((element) => {
              if (element.closest('.hidden, .skip, .scroll:has(.map), .u-wrap, .lane li, .tip, svg, pre'))
                return false
              const { left, right, width: own } = element.getBoundingClientRect()
              return own > 0 && (right > wide + 1 || left < -1)
            })
            .slice(0, 3)
            .map((element) => `${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}`)
        })
        assert.deepEqual(outside, [], `${path} at ${width}`)
      }
    })
})

test('on a phone: a header of 48 px, the action on the first screen, targets of 44 px', async () => {
  for (const [path, ready] of [
    [SHOW, '.incident'],
    ['/incident/inc-edge', '#sessions tbody'],
  ] as const)
    await look('one', { path, ready, width: 390, height: 844 }, async (page) => {
      assert.equal((await page.locator('.top').boundingBox())!.height, 48)
      const act = (await page.locator('.incident .act').boundingBox())!
      assert.ok(act.y + act.height <= 844, `the action ends at ${act.y + act.height}`)
      const facts = (await page.locator('.incident .facts.muted').boundingBox())!
      assert.ok(act.y < facts.y, 'the action stands before the evidence')
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('a, button, select, input')]
          .filter((element) => {
            if (element.closest('.skip, .lane') || getComputedStyle(element).pointerEvents === 'none')
              return false
            const { width, height } = element.getBoundingClientRect()
            return width > 0 && height > 0 && (width < 43.5 || height < 43.5)
          })
          .map(
            (element) =>
              `${element.outerHTML.slice(0, 80)} ${JSON.stringify(element.getBoundingClientRect())}`,
          ),
      )
      assert.deepEqual(small, [], path)
    })
  await look(
    'one',
    { path: '/incident/inc-edge', ready: '.copy-link', width: 390, height: 844 },
    async (page) => {
      const copy = (await page.locator('.copy-link').boundingBox())!
      assert.ok(copy.height >= 44 && copy.y + copy.height <= 844, JSON.stringify(copy))
    },
  )
})

test('the wall shows only what fits, and how to leave it', async () => {
  await look(
    'mega',
    { path: `${SHOW}?wall`, ready: '.incident', width: 1920, height: 1080 },
    async (page) => {
      const { below, scrolls } = await page.evaluate(() => ({
        below: [...document.querySelectorAll('main .row, main .hop, main .incident')].filter(
          (element) => element.getBoundingClientRect().bottom > innerHeight + 1,
        ).length,
        scrolls: document.documentElement.scrollHeight > innerHeight + 1,
      }))
      assert.deepEqual([below, scrolls], [0, false])
      assert.match(await text(page, '.keys'), /W leaves the wall/)
      await page.keyboard.press('w')
      await page.locator('.columns').waitFor()
    },
  )
})

test('time: stepping replaces the address, dragging zooms, the value stands at the pointer, Esc goes up', async () => {
  await look('one', { ready: '#edge canvas' }, async (page) => {
    const length = () => page.evaluate(() => history.length)
    const before = await length()
    await page.keyboard.press('ArrowLeft')
    await page.locator('.banner.past').waitFor()
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowLeft')
    assert.equal(await length(), before)
    await page.keyboard.press('l')
    await page.locator('.clock.live').waitFor()
    await page.locator('#edge').scrollIntoViewIfNeeded()
    const plot = (await page.locator('#edge .u-over').boundingBox())!
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 20)
    await page.locator('#edge .tip:not([hidden])').waitFor()
    const tip = (await page.locator('#edge .tip').boundingBox())!
    assert.ok(Math.abs(tip.x - (plot.x + plot.width * 0.5)) < 80, 'beside the pointer')
    await page.mouse.down()
    await page.mouse.move(plot.x + plot.width * 0.7, plot.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/at=\d+.*range=\d+|range=\d+.*at=\d+/)
    // ⇧ and a drag to the right move the axis into the past, by as much as was dragged.
    await page.goto(`${stage.url}${SHOW}`)
    await page.locator('#edge canvas').waitFor()
    await page.locator('#edge').scrollIntoViewIfNeeded()
    const axis = (await page.locator('#edge .u-over').boundingBox())!
    await page.keyboard.down('Shift')
    await page.mouse.move(axis.x + axis.width * 0.3, axis.y + 20)
    await page.mouse.down()
    await page.mouse.move(axis.x + axis.width * 0.7, axis.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await page.waitForURL(/at=\d+/)
    const back_ms = Date.now() - Number(new URL(page.url()).searchParams.get('at'))
    assert.ok(back_ms > 300_000 && back_ms < 480_000, `${back_ms} ms of 15 min`)
    await page.keyboard.press('Escape')
    await page.waitForURL('**/shows*')
  })
})

test('sound: off by default; once for a new critical incident, and again when it comes back', async () => {
  let reopened = 0
  let open = false
  const calm = PLAYS.calm()
  const zero = PLAYS.zero()
  stage.play({
    ...calm,
    pictures: (at_ms) =>
      open
        ? zero.pictures(at_ms).map((picture) => ({
            ...picture,
            incidents: Object.fromEntries(
              Object.entries(picture.incidents).map(([id, each]) => [
                id,
                { ...each, reopened, severity: 'critical' as const },
              ]),
            ),
          }))
        : calm.pictures(at_ms),
  })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
  const page = await context.newPage()
  await page.addInitScript(() => {
    const real = window.AudioContext
    Object.assign(window, { sounds: 0 })
    window.AudioContext = class extends real {
      constructor() {
        super()
        ;(window as unknown as { sounds: number }).sounds += 1
      }
    }
  })
  const heard = (count: number) =>
    page.waitForFunction((wanted) => (window as unknown as { sounds: number }).sounds === wanted, count)
  await page.goto(`${stage.url}${SHOW}`)
  await page.locator('.count.good').waitFor()
  const button = page.getByRole('button', { name: 'Sound on a new critical incident' })
  assert.equal(await button.getAttribute('aria-pressed'), 'false')
  await button.click()
  await heard(1)
  open = true
  await page.locator('.incident').waitFor()
  await heard(2)
  reopened = 1
  await page.locator('.incident .where', { hasText: 'came back' }).waitFor()
  await heard(3)
  await context.close()
})

test('⌘K finds a show by keys alone, and a silence is announced from the incident', async () => {
  await look('one', { path: '/shows', ready: '.shows li' }, async (page) => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('double')
    await page.locator('.search li a').first().waitFor()
    assert.deepEqual(await seriousFaults(page), [])
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${SHOW}*`)
  })
  await look('one', { path: '/incident/inc-edge', ready: '.tools-row button' }, async (page) => {
    const sent = page.waitForRequest((request) => request.method() === 'PUT')
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.locator('.tools:visible, .tools-row:visible').count(), 0, 'paper has no buttons')
    await page.emulateMedia({ media: 'screen' })
    await page.getByRole('button', { name: 'Silence' }).click()
    await page.getByRole('button', { name: 'Announce' }).click()
    const plan = JSON.parse((await sent).postData() ?? '{}') as Record<string, unknown>
    assert.deepEqual(
      [plan.type, plan.match, plan.cause],
      [
        'silence',
        { tenant: 'demo', show: 'double-11', stream: 'main' },
        { cdn: 'cdn-b', region: 'Guangdong' },
      ],
    )
    await page.locator('.plan [role="status"]', { hasText: 'Announced until' }).waitFor()
  })
})

test('the summary for the next shift names what is open, with its place, harm and link', async () => {
  await look('twelve', { path: '/handover', ready: '.handover pre' }, async (page) => {
    await page.locator('.handover pre', { hasText: 'cdn-b Guangdong' }).waitFor()
    const summary = await text(page, '.handover pre')
    assert.match(summary, /Open: 12 incidents/)
    assert.match(summary, /118,400 viewers.*\/incident\/inc-edge/)
  })
})

test('nothing serious for those who see, hear or hold it differently, in the states of a bad night', async () => {
  for (const [state, path, ready, width] of [
    ['twelve', SHOW, '.incident', 1440],
    ['cut', `${SHOW}?theme=light`, '.incident', 390],
    ['ended', `${SHOW}?theme=light&lang=zh`, '.banner.ended', 820],
    ['shows', '/shows', '.shows li', 1440],
    ['one', '/incident/inc-edge?theme=light', '#sessions tbody', 390],
    ['hostile', `${SHOW}?wall`, '.incident', 1920],
  ] as const)
    await look(state, { path, ready, width }, async (page) => {
      assert.deepEqual(await seriousFaults(page), [], `${state} ${path} at ${width}`)
    })
})

test('fifty streams, twelve incidents: p95 of a frame is at most 33 ms', async (t) => {
  const play = PLAYS.fifty()
  stage.play(play)
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await countUpdates(page)
  await page.goto(`${stage.url}${SHOW}`)
  await page.locator('.incident').waitFor()
  const seen = await watchFrames(page, 4000)
  await context.close()
  t.diagnostic(
    `${seen.updates} updates in ${seen.frames} frames: median ${seen.median_ms.toFixed(1)} ms, p95 ${seen.p95_ms.toFixed(1)} ms, longest ${seen.longest_ms.toFixed(1)} ms, ${seen.work_ms.toFixed(1)} ms of work an update`,
  )
  assert.ok(seen.updates >= 3, `${seen.updates} updates`)
  assert.ok(seen.p95_ms <= 33.4, `p95 ${seen.p95_ms} ms`)
})

/** Everything visible whose text, background, border or fill is the alarm's colour. */
function redThings(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const probe = document.createElement('i')
    probe.style.color = 'var(--alarm)'
    document.body.append(probe)
    const alarm = getComputedStyle(probe).color
    probe.remove()
    return [...document.querySelectorAll('body *')]
      .filter((element) => {
        if (element.getBoundingClientRect().width === 0) return false
        const style = getComputedStyle(element)
        return [style.color, style.backgroundColor, style.fill, style.borderLeftColor].includes(alarm)
      })
      .map((element) => `${element.tagName}.${element.getAttribute('class')}`)
      .slice(0, 5)
  })
}
