import { expect, it } from 'vitest'
import { fill, pickLang, tables } from '../src/texts'

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

it('has every text in both languages, with the same places to fill', () => {
  expect(Object.keys(tables.zh).sort()).toEqual(Object.keys(tables.en).sort())
  for (const [name, text] of Object.entries(tables.en)) {
    const other = tables.zh[name as keyof typeof tables.zh]
    expect(other, name).toBeTruthy()
    expect(places(other), name).toEqual(places(text))
  }
})

it('picks the table of a language tag', () => {
  expect([pickLang('zh-Hant'), pickLang('ZH'), pickLang('de'), pickLang(undefined)]).toEqual(['zh', 'zh', 'en', 'en'])
})

it('fills places and leaves unknown ones', () => {
  expect(fill('{n} of {m}', { n: 1 })).toBe('1 of {m}')
})
