import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIMENSION_NAMES, HOP_NAMES, UNITS } from '../../schemas/words.ts'
import { WORDS as REPORT_WORDS } from '../report/words.ts'
import { WORDS } from './words.ts'

/** Every text of a dictionary by its path; functions are called with numbers of one letter each. */
function textsOf(words: unknown, path = ''): [path: string, text: string][] {
  if (typeof words === 'string') return [[path, words]]
  if (typeof words === 'function')
    return [[path, String((words as (...parts: unknown[]) => string)(7, 8, 9, 10))]]
  return Object.entries(words as object).flatMap(([name, value]) => textsOf(value, `${path}.${name}`))
}

const HAN = /\p{Script=Han}/u
/** What is the same in both languages: names of protocols and what stands for a number alone. */
const SAME = /^(\.phases\.(dns|tcp|tls)_ms|\.dims\.cdn|\.cdn|\.of_n|\.was|\.report_markdown)$/

test('no text stands in one language only: Chinese is Chinese, English is English', () => {
  for (const dictionary of [WORDS, REPORT_WORDS]) {
    const [en, zh] = [textsOf(dictionary.en), textsOf(dictionary.zh)]
    assert.deepEqual(en.map(([path]) => path).sort(), zh.map(([path]) => path).sort())
    assert.deepEqual(
      zh.filter(([path, text]) => !HAN.test(text) && !SAME.test(path)),
      [],
    )
    assert.deepEqual(
      en.filter(([path, text]) => HAN.test(text) && path !== '.keys'),
      [],
    )
  }
  for (const { en, zh } of [...Object.values(HOP_NAMES), ...Object.values(DIMENSION_NAMES)])
    assert.ok(!HAN.test(en) && (HAN.test(zh) || zh === 'CDN'), `${en} / ${zh}`)
})

test('a unit is one word in one language', () => {
  for (const lang of ['en', 'zh'] as const) {
    const names = Object.values(UNITS).map((unit) => unit[lang])
    assert.equal(new Set(names).size, names.length, names.join())
  }
  assert.deepEqual([UNITS.ms.zh, UNITS.s.zh], ['毫秒', '秒'])
})
