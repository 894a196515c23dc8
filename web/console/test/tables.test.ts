import { expect, it } from 'vitest'
import { en } from '../src/i18n/en'
import { zh } from '../src/i18n/zh'

function flat(table: object, prefix = ''): [string, string][] {
  return Object.entries(table).flatMap(([name, value]) =>
    typeof value === 'string' ? [[prefix + name, value] as [string, string]] : flat(value as object, `${prefix}${name}.`),
  )
}

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

it('has every text in both languages, with the same places to fill', () => {
  const chinese = new Map(flat(zh))
  expect([...chinese.keys()].sort()).toEqual(flat(en).map(([name]) => name).sort())
  for (const [name, text] of flat(en)) {
    expect(text && chinese.get(name), name).toBeTruthy()
    expect(places(chinese.get(name)!), name).toEqual(places(text))
  }
})
