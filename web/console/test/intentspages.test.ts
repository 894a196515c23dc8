import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import ComparePage from '../src/pages/intents/ComparePage.vue'
import SuggestionsPage from '../src/pages/intents/SuggestionsPage.vue'
import TrainPage from '../src/pages/intents/TrainPage.vue'
import TryPage from '../src/pages/intents/TryPage.vue'
import VersionsPage from '../src/pages/intents/VersionsPage.vue'
import { useExamples } from '../src/stores/examples'
import { fakeAPI } from './fakeapi'
import { visit } from './mount'
import { press } from './press'

vi.mock('../src/components/TopBar.vue', () => ({ default: { render: () => null } }))

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  document.body.innerHTML = ''
})

const at = '2030-05-04T10:00:00Z'
const version = (n: number, extra = {}) => ({
  version: n, active: false, trained_at: at, intents: 12, examples: 240, note: `note ${n}`, accuracy: 0.934, oos_recall: null, ...extra,
})
const VERSIONS = { items: [version(4), version(3, { active: true }), version(2)] }
const finding = (extra = {}) => ({
  severity: 'error', kind: 'syntax', line: 3, other_line: 0, intent: '', other: '', text: '', message: 'this line is no JSON', ...extra,
})
const training = (extra = {}) => ({
  id: 't1', state: 'running', stage: 'cross-validating', done: 3, total: 10, version: 0, error: '', started_at: at, ended_at: null, ...extra,
})

describe('versions', () => {
  it('marks the one in use, and shows shares that were not measured as unknown', async () => {
    fakeAPI({ 'GET /intents/versions': VERSIONS })
    const { root } = await visit(VersionsPage, '/versions')
    const rows = root.findAll('tbody tr').map((row) => row.text())
    expect(rows[1]).toMatch(/^3 in use/)
    expect(rows[0]).toMatch(/93\.4 %–12240.*note 4$/)
    root.unmount()
  })

  it('rolls back only after a question', async () => {
    const calls = fakeAPI({ 'GET /intents/versions': VERSIONS, 'POST /intents/versions/2/activate': undefined })
    const { root } = await visit(VersionsPage, '/versions')
    await press('Roll back to version 2')
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(0)
    expect(root.find('dialog').text()).toContain('version 2 reads every message')
    await press('Cancel')
    await press('Roll back to version 2')
    root.find('dialog').findAll('button')[0]!.element.click()
    await flushPromises()
    expect(calls.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual(['/intents/versions/2/activate'])
    expect(root.find('[role=status]').text()).toBe('Version 2 is in use now.')
    root.unmount()
  })

  it('leads to the training while there is nothing', async () => {
    fakeAPI({ 'GET /intents/versions': { items: [] } })
    const { root } = await visit(VersionsPage, '/versions')
    expect(root.find('.state a').attributes('href')).toBe('/train')
    root.unmount()
  })
})

describe('training', () => {
  const quiet = { 'GET /intents/versions': VERSIONS, 'GET /intents/trainings': { items: [] } }

  it('reads a file by its ending, checks it, and leads to the line of a mistake', async () => {
    const calls = fakeAPI({ ...quiet, 'POST /intents/check': { intents: 1, examples: 3, findings: [finding({ severity: 'warning', line: 1, message: 'few' }), finding()] } })
    const { root } = await visit(TrainPage, '/train')
    const picker = root.find('input[type=file]')
    Object.defineProperty(picker.element, 'files', { value: [new File(['one\ntwo\nthree'], 'more.JSONL')] })
    await picker.trigger('change')
    await vi.waitFor(() => expect(root.find('.findings').exists()).toBe(true))
    expect(calls.find(({ method }) => method === 'POST')!.body).toEqual({ format: 'jsonl', text: 'one\ntwo\nthree' })
    expect(root.findAll('.findings li').map((one) => one.classes())).toEqual([['error'], ['warning']])
    expect(root.find('.findings').text()).toContain('Mistakes: 1 · warnings: 1. Correct the mistakes')
    await press('Line 3')
    const box = root.find('textarea').element
    expect([document.activeElement, box.selectionStart, box.selectionEnd]).toEqual([box, 8, 13])
    root.unmount()
  })

  it('refuses a file that it cannot read, by its name', async () => {
    const calls = fakeAPI(quiet)
    const { root } = await visit(TrainPage, '/train')
    const picker = root.find('input[type=file]')
    Object.defineProperty(picker.element, 'files', { value: [new File(['x'], 'labels.xlsx')] })
    await picker.trigger('change')
    expect(root.find('.form [role=alert]').text()).toContain('labels.xlsx cannot be read')
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(0)
    root.unmount()
  })

  it('checks before it trains, and does not train what has mistakes', async () => {
    let findings = [finding()]
    const calls = fakeAPI({
      ...quiet, 'POST /intents/check': () => ({ intents: 1, examples: 1, findings }), 'POST /intents/trainings': { id: 't1' },
    })
    const { root } = await visit(TrainPage, '/train')
    await press('Train')
    expect(root.find('.form [role=alert]').text()).toBe('Choose a file or paste examples.')
    await root.find('textarea').setValue('a')
    await press('Train')
    await root.find('textarea').setValue('b')
    findings = [finding({ severity: 'warning' })]
    await press('Train')
    const posts = calls.filter(({ method }) => method === 'POST')
    expect(posts.map(({ path }) => path)).toEqual(['/intents/check', '/intents/check', '/intents/trainings'])
    expect(posts[2]!.body).toEqual({ format: 'yaml', text: 'b', note: '', activate: false })
    root.unmount()
  })

  it('shows how far a training is, and what to do with its version', async () => {
    vi.useFakeTimers()
    let one = training()
    fakeAPI({ 'GET /intents/versions': VERSIONS, 'GET /intents/trainings': () => ({ items: [one] }) })
    const { root } = await visit(TrainPage, '/train')
    expect(root.find('.progress').text()).toBe('Measuring: 3 of 10')
    one = training({ state: 'done', version: 4, ended_at: at })
    await vi.advanceTimersByTimeAsync(1600)
    expect(root.find('.progress').exists()).toBe(false)
    expect(root.findAll('.cards button').map((button) => button.text())).toEqual(['Compare version 4 with version 3', 'Activate version 4'])
    root.unmount()
  })

  it('starts from the catalog in use when asked to', async () => {
    fakeAPI({ ...quiet, 'GET /intents/catalog': { version: 3, yaml: 'intents: []' } })
    const { root } = await visit(TrainPage, '/train')
    await press('Start from version 3')
    expect(root.find('textarea').element.value).toBe('intents: []')
    root.unmount()
  })
})

describe('comparison', () => {
  const quality = (f1: number) => ({ precision: f1, recall: f1, f1 })
  const comparison = {
    a: 3, b: 4, examples: 240, accuracy: { a: 0.9, b: 0.925 }, oos_recall: null,
    intents: [
      { name: 'same', n: 9, a: quality(0.9), b: quality(0.9) },
      { name: 'better', n: 9, a: quality(0.5), b: quality(0.7) },
      { name: 'worse', n: 9, a: quality(0.9), b: quality(0.7) },
    ],
    confusion: [{ want: 'x', got: 'oos', a: 3, b: 1 }],
    flipped: [
      { text: 'to b', lang: 'en', want: 'x', a: 'y', b: 'x', better: 'b' },
      { text: 'to a', lang: 'en', want: 'x', a: 'x', b: 'y', better: 'a' },
    ],
  }

  it('puts what has changed most first, and what has got worse before what has got better', async () => {
    fakeAPI({ 'GET /intents/versions': VERSIONS, 'GET /intents/compare': comparison })
    const { root } = await visit(ComparePage, '/compare?a=3&b=4')
    const table = root.findAll('table')[0]!
    expect(table.findAll('tbody th').map((one) => one.text())).toEqual(['worse', 'better', 'same'])
    expect(table.findAll('tbody strong').map((one) => one.text())).toEqual(['−20', '+20', '±0'])
    expect(root.find('.sums').text()).toContain('90 % → 92.5 % +2.5')
    expect(root.findAll('table')[1]!.text()).toContain('xOutside our subjects31')
    root.unmount()
  })

  it('filters the flipped examples by which version is right', async () => {
    fakeAPI({ 'GET /intents/versions': VERSIONS, 'GET /intents/compare': comparison })
    const { root } = await visit(ComparePage, '/compare?a=3&b=4')
    const filter = root.findAll('select').at(-1)!
    expect(filter.findAll('option').map((one) => one.text())).toEqual(['all (2)', 'version 4 is right (1)', 'version 3 is right (1)', 'neither is right (0)'])
    await filter.setValue('a')
    expect(root.findAll('.cards .text').map((one) => one.text())).toEqual(['to a'])
    root.unmount()
  })

  it('compares others when others are chosen, and activates the second', async () => {
    const calls = fakeAPI({ 'GET /intents/versions': VERSIONS, 'GET /intents/compare': comparison, 'POST /intents/versions/4/activate': undefined })
    const { root } = await visit(ComparePage, '/compare?a=3&b=4')
    await root.findAll('.chosen select')[0]!.setValue('2')
    await flushPromises()
    expect(calls.map(({ path }) => path)).toContain('/intents/compare?a=2&b=4')
    await press('Activate version 4')
    root.find('dialog').findAll('button')[0]!.element.click()
    await flushPromises()
    expect(calls.map(({ path }) => path)).toContain('/intents/versions/4/activate')
    root.unmount()
  })
})

describe('a trial', () => {
  const trial = {
    version: 3, intent: 'order_status', probability: 0.9, out_of_scope: 0.04, wants_person: true, anger: 0.1,
    alternatives: [{ name: 'order_status', probability: 0.9 }, { name: 'delivery_time', probability: 0.05 }],
    entities: [{ type: 'order_number', text: 'HP-1', value: 'HP-00001' }, { type: 'novel', text: 'not in it', value: 'x' }],
  }

  it('marks the details within the message and says what it read', async () => {
    const calls = fakeAPI({ 'POST /intents/try': trial })
    const { root, router } = await visit(TryPage, '/try')
    await press('Try')
    expect(root.find('[role=alert]').text()).toBe('Write a message.')
    await root.find('input').setValue(' Where is HP-1? ')
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(router.currentRoute.value.query.q).toBe('Where is HP-1?')
    expect(calls[0]!.body).toEqual({ text: 'Where is HP-1?' })
    expect(root.findAll('mark').map((one) => one.text())).toEqual(['HP-1order number'])
    expect(root.find('.text').text()).toBe('Where is HP-1order number?')
    for (const part of ['order_status90 %', 'delivery_time5 %', 'Outside our subjects4 %', 'Anger10 %', 'Asks for a person', 'novel: x']) expect(root.text()).toContain(part)
    expect(root.findAll('.bar .name').map((one) => one.text()).filter((name) => name === 'order_status')).toHaveLength(1)
    root.unmount()
  })
})

describe('suggestions', () => {
  it('makes lines of what was labelled, and hands them to the training', async () => {
    const one = (seq: number) => ({ text: `say "${seq}"`, lang: 'en', intent: 'refund', probability: 0.55, conversation: 'c1', seq, at })
    fakeAPI({
      'GET /intents/suggestions': { items: [one(1), one(2)] },
      'GET /intents/catalog': { version: 3, yaml: 'intents:\n  - name: order_status\n    label: {}\n  - name: "refund" # money\n' },
    })
    const { root, router } = await visit(SuggestionsPage, '/suggestions')
    expect(root.findAll('select')[0]!.findAll('option').map((option) => option.text())).toEqual(['leave out', 'order_status', 'refund · best guess', 'Outside our subjects'])
    await root.findAll('select')[1]!.setValue('refund')
    expect(root.find('[role=status]').text()).toBe('Messages: 2 · labelled: 1')
    await press('Train on the labelled (1)')
    expect(router.currentRoute.value.name).toBe('intents-train')
    expect([useExamples().format, useExamples().text]).toEqual(['jsonl', '{"text":"say \\"2\\"","intent":"refund","lang":"en"}\n'])
    root.unmount()
  })

  it('leads managers, who may not read conversations, to none', async () => {
    const item = { text: 'hm', lang: 'en', intent: '', probability: 0.2, conversation: 'c1', seq: 1, at }
    fakeAPI({ 'GET /intents/suggestions': { items: [item] }, 'GET /intents/catalog': { version: 0, yaml: '' } })
    for (const [role, links] of [['knowledge_manager', 0], ['admin', 1]] as const) {
      const { root } = await visit(SuggestionsPage, '/suggestions', role)
      expect(root.findAll('a[href^="/desk"]')).toHaveLength(links)
      root.unmount()
    }
  })
})
