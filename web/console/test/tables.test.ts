import { expect, it } from 'vitest'
import { en } from '../src/i18n/en'
import { evalsEn } from '../src/i18n/evals/en'
import { evalsZh } from '../src/i18n/evals/zh'
import { intentsEn } from '../src/i18n/intents/en'
import { intentsZh } from '../src/i18n/intents/zh'
import { knowledgeEn } from '../src/i18n/knowledge/en'
import { knowledgeZh } from '../src/i18n/knowledge/zh'
import { pagesEn } from '../src/i18n/pages/en'
import { pagesZh } from '../src/i18n/pages/zh'
import { settingsEn } from '../src/i18n/settings/en'
import { settingsZh } from '../src/i18n/settings/zh'
import { zh } from '../src/i18n/zh'

function flat(table: object, prefix = ''): [string, string][] {
  return Object.entries(table).flatMap(([name, value]) =>
    typeof value === 'string' ? [[prefix + name, value] as [string, string]] : flat(value as object, `${prefix}${name}.`),
  )
}

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

it.each([
  ['of the desk', en, zh],
  ['of the knowledge pages', knowledgeEn, knowledgeZh],
  ['of the pages of the intents', intentsEn, intentsZh],
  ['of the pages of the evals', evalsEn, evalsZh],
  ['of the settings of the desk', settingsEn, settingsZh],
  ['of all pages', pagesEn, pagesZh],
])('has every text %s in both languages, with the same places to fill', (_, english, foreign) => {
  const chinese = new Map(flat(foreign))
  expect([...chinese.keys()].sort()).toEqual(flat(english).map(([name]) => name).sort())
  for (const [name, text] of flat(english)) {
    expect(text && chinese.get(name), name).toBeTruthy()
    expect(places(chinese.get(name)!), name).toEqual(places(text))
    // Bare, a bar would cut the text into singular and plural, and an at sign would link another.
    expect(`${text} ${chinese.get(name)}`.replaceAll(/\{'[|@]'\}/g, ''), name).not.toMatch(/[|@]/)
  }
})
