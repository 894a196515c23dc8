import { describe, expect, it } from 'vitest'
import { inOrder, newSchedule, troubleOf } from '../src/settings/hours'
import { moved, problemsOf, rowOf, rowsOf, ruleOf, textOf } from '../src/settings/rules'
import { skillRows, skillsOf, words } from '../src/settings/skills'

const VERBATIM =
  '{"routing_rules":[{"condition":"user_level == \'VIP\'","action":"assign_to_group(\'premium\')"},{"condition":"true","action":"round_robin(\'default_group\')"}]}'

describe('rules', () => {
  it('are read and written in the form in which they are pasted', () => {
    expect(JSON.parse(textOf(rowsOf(VERBATIM)))).toEqual(JSON.parse(VERBATIM))
  })

  it.each([
    [{ condition: true, action: ['set_priority(5)', "round_robin('a')"] }, { condition: 'true', action: "set_priority(5); round_robin('a')" }],
    [{ name: ' n ', keywords: ['退款', "l'eau"], action: 'x' }, { name: 'n', keywords: ['退款', "l'eau"], action: 'x' }],
    [{ condition: "contains_any(text, ['退款', 'l\\'eau'])", action: 'x' }, { keywords: ['退款', "l'eau"], action: 'x' }],
    [{ keywords: ['a'], condition: "lang == 'en'", action: 'x' }, { condition: "contains_any(text, ['a']) && (lang == 'en')", action: 'x' }],
    [{ condition: "contains_any(text, ['a']) || true", action: 'x' }, { condition: "contains_any(text, ['a']) || true", action: 'x' }],
  ])('%j', (given, written) => {
    expect(ruleOf(rowOf(given))).toEqual(written)
  })

  it('take Chinese commas between keywords', () => {
    expect(ruleOf({ ...rowOf({ keywords: ['a'], action: 'x' }), keywords: '退款，退货、 换货,' })).toMatchObject({ keywords: ['退款', '退货', '换货'] })
  })

  it('refuse what is no list of rules', () => {
    for (const text of ['', '{', '{}', '{"routing_rules":{}}', 'null']) expect(() => rowsOf(text), text).toThrow()
  })

  it('move one place, and not out of the list', () => {
    expect([moved(['a', 'b', 'c'], 1, -1), moved(['a', 'b', 'c'], 1, 1), moved(['a', 'b'], 0, -1)]).toEqual([
      ['b', 'a', 'c'],
      ['a', 'c', 'b'],
      ['a', 'b'],
    ])
  })

  it('have their problems by number', () => {
    const problems = [{ rule: 0, message: 'all' }, { rule: 2, message: 'two' }]
    expect([problemsOf(problems, 0)[0]!.message, problemsOf(problems, 2)[0]!.message, problemsOf(problems, 1)]).toEqual(['all', 'two', []])
  })
})

describe('skills', () => {
  it('keep their levels, and rows without a name are left out', () => {
    expect(skillsOf([...skillRows({ returns: 3 }), { name: ' ', level: 2 }, { name: ' vip ', level: 5 }])).toEqual({ returns: 3, vip: 5 })
    expect(words('en, zh，fr  de')).toEqual(['en', 'zh', 'fr', 'de'])
  })
})

describe('business hours', () => {
  const fine = () => ({ ...newSchedule('default'), timezone: 'Europe/Berlin' })

  it.each([
    ['', {}],
    ['name', { name: ' ' }],
    ['timezone', { timezone: 'Mars/Base' }],
    ['span', { week: [{ day: 'mon', from: '18:00', to: '09:00' }] }],
    ['span', { week: [{ day: 'mon', from: '', to: '09:00' }] }],
    ['', { week: [{ day: 'mon', from: '09:00', to: '24:00' }] }],
    ['date', { holidays: [{ date: '', name: 'x' }] }],
  ] as const)('%j for %j', (trouble, change) => {
    const one = { ...fine(), ...change } as ReturnType<typeof newSchedule>
    expect(troubleOf(one, [one])).toBe(trouble)
  })

  it('need names of their own, and are sorted', () => {
    const one = fine()
    expect(troubleOf(one, [one, { ...one, name: ' default ' }])).toBe('twice')
    const week = [{ day: 'tue' as const, from: '09:00', to: '10:00' }, { day: 'mon' as const, from: '14:00', to: '15:00' }, { day: 'mon' as const, from: '09:00', to: '10:00' }]
    expect(inOrder({ ...one, week }).week.map(({ day, from }) => day + from)).toEqual(['mon09:00', 'mon14:00', 'tue09:00'])
  })
})
