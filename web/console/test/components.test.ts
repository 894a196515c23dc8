import { describe, expect, it } from 'vitest'
import { message } from '../../shared/test/fakes'
import ConfidenceBar from '../src/components/ConfidenceBar.vue'
import FeatureTable from '../src/components/FeatureTable.vue'
import FindingFacts from '../src/components/FindingFacts.vue'
import MessageBubble from '../src/components/MessageBubble.vue'
import PassageList from '../src/components/PassageList.vue'
import ReplyBox from '../src/components/ReplyBox.vue'
import SystemNote from '../src/components/SystemNote.vue'
import { moveBetweenRows } from '../src/components/rows'
import { age } from '../src/time'
import { show } from './mount'

describe('MessageBubble', () => {
  it('marks a bot as AI and links its sources', () => {
    const data = { citations: [{ n: 1, title: 'Delivery', heading: 'Delivery > Times', url: 'https://a.test/d' }] }
    const bubble = show(MessageBubble, { message: message(1, { body: 'In **two** days [1].', data }) })
    expect(bubble.text()).toContain('AI')
    expect(bubble.find('strong').text()).toBe('two')
    expect(bubble.find('.sources a').text()).toBe('Delivery › Times')
    expect(bubble.find('sup a').attributes('href')).toBe('https://a.test/d')
  })

  it('shows what a visitor wrote as plain text', () => {
    const body = '<img src=x onerror=alert(1)> **not bold**'
    const bubble = show(MessageBubble, { message: message(1, { sender: { kind: 'visitor', name: 'Kim' }, body }) })
    expect(bubble.find('.plain').text()).toBe(body)
    expect(bubble.find('img').exists()).toBe(false)
  })

  it('says that a note is for agents only', () => {
    const bubble = show(MessageBubble, { message: message(1, { sender: { kind: 'agent', name: 'Ana' }, kind: 'note' }) })
    expect(bubble.text()).toContain('Note for agents only')
  })
})

describe('SystemNote', () => {
  it.each([
    ['handoff', { reason: 'low_confidence' }, 'Not sure enough'],
    ['handoff', { reason: 'a_new_reason' }, 'a_new_reason'],
    ['assigned', { name: 'Ana' }, 'Assigned to Ana.'],
    ['csat', { score: 4, comment: 'fine' }, '4 of 5. “fine”'],
    ['closed', undefined, 'Closed.'],
  ] as const)('%s %j', (kind, data, expected) => {
    const note = show(SystemNote, { message: message(1, { kind, data, body: '', sender: { kind: 'system' } }) })
    expect(note.text()).toContain(expected)
  })
})

describe('ReplyBox', () => {
  const enter = { key: 'Enter' }

  it('sends on Enter and clears, not on Shift+Enter nor inside an input method', async () => {
    const box = show(ReplyBox, { conversation: 'a' })
    const input = box.find('textarea')
    await input.setValue(' hello ')
    await input.trigger('keydown', { ...enter, shiftKey: true })
    await input.trigger('keydown', { ...enter, isComposing: true })
    expect(box.emitted('say')).toBeUndefined()
    await input.trigger('keydown', enter)
    expect(box.emitted('say')).toEqual([['hello', 'text']])
    expect(input.element.value).toBe('')
  })

  it('sends nothing empty', async () => {
    const box = show(ReplyBox, { conversation: 'a' })
    await box.find('textarea').setValue('  \n')
    await box.find('form').trigger('submit')
    expect(box.emitted('say')).toBeUndefined()
  })

  it('writes notes, without telling the visitor of typing', async () => {
    const box = show(ReplyBox, { conversation: 'a' })
    await box.findAll('.modes button')[1]!.trigger('click')
    await box.find('textarea').setValue('check the carrier')
    await box.find('form').trigger('submit')
    expect(box.emitted('say')).toEqual([['check the carrier', 'note']])
    expect(box.emitted('wrote')).toBeUndefined()
  })

  it('keeps one draft per conversation and never sends a reply as a note of the next', async () => {
    const box = show(ReplyBox, { conversation: 'a' })
    await box.find('textarea').setValue('for a')
    await box.findAll('.modes button')[1]!.trigger('click')
    await box.setProps({ conversation: 'b' })
    expect(box.find('textarea').element.value).toBe('')
    expect(box.classes()).not.toContain('note')
    await box.setProps({ conversation: 'a' })
    expect(box.find('textarea').element.value).toBe('for a')
  })
})

describe('evidence', () => {
  it('shows confidence as a percentage with its threshold', () => {
    expect(show(ConfidenceBar, { confidence: 0.347, threshold: 0.8 }).text()).toBe('35 %threshold 80 %')
  })

  it('names reason, intent with probability, and details', () => {
    const finding = {
      seq: 1, decision: 'handoff', reason: 'no_answer', confidence: 0.2, intent: 'order_status', intent_probability: 0.914,
      lang: 'en', entities: [{ kind: 'order_number', value: 'H-1', text: 'h-1' }], passages: null, features: null, at: '',
    }
    const text = show(FindingFacts, { finding }).text()
    for (const part of ['Nothing found', 'order_status · 91 %', 'H-1']) expect(text).toContain(part)
  })

  it('does not link to an address that is not http', () => {
    const list = show(PassageList, { passages: [{ title: 'Bad', url: 'javascript:alert(1)', text: 't', score: 1 }] })
    expect(list.find('a').exists()).toBe(false)
  })

  it('says that nothing was found, and shows no empty table', () => {
    expect(show(PassageList, { passages: [] }).text()).toBe('No passage was found.')
    expect(show(FeatureTable, { features: {} }).find('table').exists()).toBe(false)
  })
})

it('moves between rows with the arrow keys', () => {
  document.body.innerHTML = '<ul><button data-row id="a"></button><button data-row id="b"></button></ul>'
  const list = document.querySelector('ul')!
  list.addEventListener('keydown', moveBetweenRows)
  const press = (key: string) => document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
  document.getElementById('a')!.focus()
  press('ArrowDown')
  expect(document.activeElement!.id).toBe('b')
  press('ArrowDown')
  expect(document.activeElement!.id).toBe('b')
  press('Home')
  expect(document.activeElement!.id).toBe('a')
})

it('rounds ages down to their largest unit', () => {
  const at = '2030-05-04T10:00:00Z'
  const after = (minutes: number) => age(at, Date.parse(at) + minutes * 60_000)
  expect([after(-5), after(59), after(60 * 25)]).toEqual([
    { key: 'now', n: 0 },
    { key: 'minutes', n: 59 },
    { key: 'days', n: 1 },
  ])
})
