import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import CalibrationPage from '../src/pages/evals/CalibrationPage.vue'
import CasesPage from '../src/pages/evals/CasesPage.vue'
import RunPage from '../src/pages/evals/RunPage.vue'
import RunsPage from '../src/pages/evals/RunsPage.vue'
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
const run = (extra = {}) => ({
  id: 'r1', suite: 'cases', at, state: 'done', done: 20, total: 20, error: '', cases: 20, passed: 15, regressions: 1,
  metrics: { pass: 0.75, wrong_answers: 0.05 }, ...extra,
})
const result = (id: string, extra = {}) => ({
  id, question: `Question ${id}?`, tags: ['lamps'], expected: 'answer', decision: 'handoff', reason: 'no_answer', confidence: 0.4,
  threshold: 0.8, reply: '', sources: ['en/a.md'], pass: false, failures: ['decided handoff'], ms: 12, ...extra,
})
const item = (extra = {}) => ({
  id: 'k1', question: 'Do you mend lamps?', history: ['hi'], lang: 'en', decision: 'answer', sources: ['en/a.md'], facts: [['yes', 'sure']],
  tags: ['lamps'], conversation: 'c1', seq: 3, created_at: at, author: 'Kim', ...extra,
})

describe('runs', () => {
  it('draws the trend of the chosen suite, with its words, from two finished runs on', async () => {
    const items = [run(), run({ id: 'r2', metrics: { pass: 0.5, wrong_answers: 0.1 } }), run({ id: 'r3', suite: 'reviewed' })]
    fakeAPI({ 'GET /evals/runs': { items } })
    const { root } = await visit(RunsPage, '/runs')
    expect(root.find('svg').attributes('aria-label')).toBe('Trend over 2 runs. Passed: from 50 % to 75 %. Wrong answers: from 10 % to 5 %.')
    await root.find('select').setValue('reviewed')
    expect(root.find('svg').exists()).toBe(false)
    root.unmount()
  })

  it('runs the chosen suite and follows it to its end', async () => {
    vi.useFakeTimers()
    let one = run({ state: 'running', done: 5 })
    let items: unknown[] = []
    const calls = fakeAPI({ 'GET /evals/runs': () => ({ items }), 'POST /evals/runs': () => ((items = [one]), { id: 'r1' }) })
    const { root } = await visit(RunsPage, '/runs')
    await press('Run now')
    expect(calls.find(({ method }) => method === 'POST')!.body).toEqual({ suite: 'cases' })
    expect(root.find('.progress').text()).toBe('5 of 20 asked')
    expect(root.find('.start button').attributes('disabled')).toBeDefined()
    items = [(one = run())]
    await vi.advanceTimersByTimeAsync(1600)
    expect(root.find('.entry').text()).toMatch(/15 of 20 passed.*Wrong answers: 5 %.*Regressions: 1/)
    const asked = calls.length
    await vi.advanceTimersByTimeAsync(5000)
    expect(calls).toHaveLength(asked)
    root.unmount()
  })
})

describe('a run', () => {
  const detail = {
    ...run(), regressions: ['case b passed before: decided handoff'], risk_coverage: [{ coverage: 0.5, accuracy: 1 }, { coverage: 1, accuracy: 0.8 }],
    results: [result('a', { pass: true, failures: [], decision: 'answer', reason: 'confident', reply: 'Yes **we** do.' }), result('b'), result('c', { tags: [] })],
  }

  it('shows the failed cases first, and filters', async () => {
    fakeAPI({ 'GET /evals/runs/r1': detail })
    const { root } = await visit(RunPage, '/runs/r1')
    const shown = () => root.findAll('.result h4').map((one) => one.text())
    expect(shown()).toEqual(['Question b?', 'Question c?'])
    expect(root.findAll('.result')[0]!.text()).toMatch(/Failed.*Passed before.*Expected: Answered.*Did: Handed off \(Nothing found\).*decided handoff/)
    await root.find('input[value=regressions]').setValue(true)
    expect(shown()).toEqual(['Question b?'])
    await root.find('input[value=all]').setValue(true)
    expect(shown()).toHaveLength(3)
    expect(root.find('.result strong').text()).toBe('we')
    root.unmount()
  })

  it('has metrics, curve, tags and regressions', async () => {
    fakeAPI({ 'GET /evals/runs/r1': detail })
    const { root } = await visit(RunPage, '/runs/r1')
    expect(root.find('svg').attributes('aria-label')).toContain('100 % answered: 20 % wrong.')
    expect(root.findAll('tbody tr').map((row) => row.text())).toEqual(['no tag100 %', 'lamps2150 %'])
    expect(root.find('.regressions').text()).toContain('case b passed before')
    root.unmount()
  })

  it('says why a run failed', async () => {
    fakeAPI({ 'GET /evals/runs/r1': { ...run({ state: 'failed', error: 'there are no cases', metrics: null }), regressions: [], risk_coverage: null, results: null } })
    const { root } = await visit(RunPage, '/runs/r1')
    expect(root.find('[role=alert]').text()).toBe('there are no cases')
    expect(root.find('svg').exists()).toBe(false)
    root.unmount()
  })
})

describe('cases', () => {
  it('edits what people may change, in their own notation', async () => {
    const calls = fakeAPI({ 'GET /evals/cases': { items: [item()] }, 'PUT /evals/cases/k1': item() })
    const { root } = await visit(CasesPage, '/cases')
    await press('Edit “Do you mend lamps?”')
    const [question, sources, facts] = root.findAll('textarea')
    expect(facts!.element.value).toBe('yes | sure')
    expect(root.find('.history').text()).toContain('hi')
    await question!.setValue('  ')
    await root.find('form').trigger('submit')
    expect(root.find('form [role=alert]').text()).toBe('The question must not be empty.')
    await question!.setValue('Lamps mended?')
    await sources!.setValue('en/a.md\n\n en/b.md ')
    await facts!.setValue('yes|sure\nfree')
    await root.find('.editor select').setValue('handoff')
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(calls.find(({ method }) => method === 'PUT')!.body).toEqual({
      question: 'Lamps mended?', decision: 'handoff', sources: ['en/a.md', 'en/b.md'], facts: [['yes', 'sure'], ['free']], tags: ['lamps'],
    })
    expect(root.find('form').exists()).toBe(false)
    root.unmount()
  })

  it('keeps what is written when it could not be saved', async () => {
    fakeAPI({ 'GET /evals/cases': { items: [item()] }, 'PUT /evals/cases/k1': Response.json({ detail: 'too long' }, { status: 422 }) })
    const { root } = await visit(CasesPage, '/cases')
    await press('Edit “Do you mend lamps?”')
    await root.find('textarea').setValue('other words')
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(root.find('textarea').element.value).toBe('other words')
    root.unmount()
  })

  it('asks before it removes one, and finds by tag', async () => {
    const calls = fakeAPI({ 'GET /evals/cases': { items: [item(), item({ id: 'k2', question: 'Other?', tags: null })] }, 'DELETE /evals/cases/k1': undefined })
    const { root } = await visit(CasesPage, '/cases')
    await root.find('input[type=search]').setValue('#lamps')
    expect(root.findAll('.case')).toHaveLength(1)
    await press('Remove “Do you mend lamps?”')
    await press('Cancel')
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await press('Remove “Do you mend lamps?”')
    root.find('dialog').findAll('button')[0]!.element.click()
    await flushPromises()
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(true)
    root.unmount()
  })
})

describe('calibration', () => {
  const point = (threshold: number, coverage: number) => ({ threshold, coverage, risk: coverage / 10, wrong: 1, answered: 10 })
  const calibration = (extra = {}) => ({
    active: 0, threshold: 0.8, labelled: { verdicts: 40, ratings: 3, cases: 12 }, aurc: null, curve: [point(0.9, 0.2), point(0.7, 0.6)],
    versions: [{ version: 1, created_at: at, cases: 55, kind: 'logistic', ece: null, auroc: 0.8, active: false }],
    recommended: { target: 0.03, threshold: 0.83, coverage: 0.4 }, ...extra,
  })

  it('shows labels, versions with the one that ships, and the recommended threshold', async () => {
    fakeAPI({ 'GET /calibration': calibration() })
    const { root } = await visit(CalibrationPage, '/calibration')
    expect(root.find('dl').text()).toBe('Verdicts of agents40Ratings of visitors3Reviewed cases12Threshold0.8')
    expect(root.findAll('tbody tr').slice(0, 2).map((row) => row.find('th').text())).toEqual(['1', '0 in use'])
    expect(root.text()).toContain('at most 3 % wrong answers: threshold 0.83, which answers 40 %')
    expect(root.find('figcaption').text()).toContain('recommended threshold 0.83')
    root.unmount()
  })

  it('fits, and activates only after a question, the shipped one too', async () => {
    const calls = fakeAPI({
      'GET /calibration': () => calibration({ active: 1 }), 'POST /calibration/fit': { version: 2, cases: 55 }, 'POST /calibration/versions/0/activate': undefined,
    })
    const { root } = await visit(CalibrationPage, '/calibration')
    await press('Fit to the labels')
    expect(root.find('.done').text()).toBe('Version 2 was fitted to 55 labels. It is not in use yet.')
    await press('Activate version 0')
    expect(calls.some(({ path }) => path.endsWith('activate'))).toBe(false)
    root.find('dialog').findAll('button')[0]!.element.click()
    await flushPromises()
    expect(calls.some(({ path }) => path === '/calibration/versions/0/activate')).toBe(true)
    root.unmount()
  })

  it('takes the recommended threshold, which is not offered where it is in use', async () => {
    const calls = fakeAPI({ 'GET /calibration': () => calibration({ threshold: calls.some(({ method }) => method === 'PUT') ? 0.83 : 0.8 }), 'PUT /calibration/threshold': undefined })
    const { root } = await visit(CalibrationPage, '/calibration')
    await press('Use threshold 0.83')
    expect(calls.find(({ method }) => method === 'PUT')!.body).toEqual({ threshold: 0.83 })
    await expect(press('Use threshold 0.83')).rejects.toThrow('no button')
    root.unmount()
  })

  it('does without curve and recommendation', async () => {
    fakeAPI({ 'GET /calibration': calibration({ curve: null, versions: null, recommended: { target: 0.03, threshold: null, coverage: 0 } }) })
    const { root } = await visit(CalibrationPage, '/calibration')
    expect(root.text()).toContain('no threshold keeps wrong answers under 3 %')
    expect(root.text()).toContain('too few labels for a curve')
    root.unmount()
  })
})
