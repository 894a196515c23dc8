import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import DocumentPage from '../src/pages/knowledge/DocumentPage.vue'
import DocumentsPage from '../src/pages/knowledge/DocumentsPage.vue'
import DraftsPage from '../src/pages/knowledge/DraftsPage.vue'
import KnowledgePage from '../src/pages/knowledge/KnowledgePage.vue'
import SourcesPage from '../src/pages/knowledge/SourcesPage.vue'
import TestPage from '../src/pages/knowledge/TestPage.vue'
import UnansweredPage from '../src/pages/knowledge/UnansweredPage.vue'
import { fakeAPI } from './fakeapi'
import { visit } from './mount'
import { press } from './press'

// The bar shows the icon by its address on the server, which is none here.
vi.mock('../src/components/TopBar.vue', () => ({ default: { render: () => null } }))

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  document.body.innerHTML = ''
})

const at = '2030-05-04T10:00:00Z'
const run = (extra = {}) => ({
  id: 7, state: 'done', done: 2, total: 2, started_at: at, finished_at: at, added: 1, changed: 0, removed: 0, unchanged: 0, failed: 0,
  error: '', ...extra,
})
const source = (extra = {}) => ({
  id: 's1', kind: 'page', location: 'https://a.test/', collection: '', every_hours: 24, max_pages: 1, depth: 0, documents: 3,
  created_at: at, next_run_at: null, last_run: run(), ...extra,
})
const gap = {
  key: 'g1', question: 'Do you mend lamps?', lang: 'en', count: 3, first_at: at, last_at: at, reason: 'no_answer', answered_now: false,
  best: null, examples: [{ conversation: 'c1', question: 'lamp mending?', at }],
}
const draft = (extra = {}) => ({
  id: 'd1', state: 'open', question: 'Do you mend lamps?', answer: 'Yes.', lang: 'en', collection: 'faq', count: 3, conversation: 'c1',
  document: null, created_at: at, updated_at: at, similar: [], ...extra,
})

describe('the pages on offer', () => {
  it('leaves out those that show what visitors wrote to those who do not review it', async () => {
    const tabs = async (role: 'agent' | 'knowledge_manager') => {
      const { root } = await visit(KnowledgePage, '/sources', role)
      const names = root.findAll('.tabs a').map((one) => one.text())
      root.unmount()
      return names
    }
    expect(await tabs('knowledge_manager')).toEqual(['Sources', 'Documents', 'Test a question', 'Unanswered questions', 'Drafts'])
    expect(await tabs('agent')).toEqual(['Sources', 'Documents', 'Test a question'])
  })

  it('offers no draft to those who may not write one', async () => {
    fakeAPI({ 'GET /search': { items: [] }, 'POST /ask': Response.json({ detail: 'no model' }, { status: 502 }) })
    for (const [role, links] of [['agent', 0], ['knowledge_manager', 1]] as const) {
      const { root } = await visit(TestPage, '/test?q=mend', role)
      expect(root.findAll('a[href^="/drafts"]')).toHaveLength(links)
      root.unmount()
    }
  })
})

describe('sources', () => {
  it('polls while a source is being read, and stops then', async () => {
    vi.useFakeTimers()
    let state = 'running'
    const calls = fakeAPI({ 'GET /sources': () => ({ items: [source({ last_run: run({ state, done: 1 }) })] }) })
    const { root } = await visit(SourcesPage, '/sources')
    expect(root.text()).toContain('1 of 2 read')
    await vi.advanceTimersByTimeAsync(1600)
    state = 'done'
    await vi.advanceTimersByTimeAsync(1600)
    const asked = calls.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect([asked, calls.length]).toEqual([3, 3])
    expect(root.text()).toContain('Nothing is being read.')
    root.unmount()
  })

  it('fetches the reasons of failures when they are opened', async () => {
    const calls = fakeAPI({
      'GET /sources': { items: [source({ last_run: run({ failed: 1 }) })] },
      'GET /ingest/7': { id: 7, report: { failed: [{ item: 'https://a.test/x', reason: 'answered 404' }] } },
    })
    const { root } = await visit(SourcesPage, '/sources')
    expect(calls).toHaveLength(1)
    const details = root.find('details')
    details.element.open = true
    await details.trigger('toggle')
    await flushPromises()
    expect(details.text()).toContain('answered 404')
    root.unmount()
  })

  it('asks what becomes of the documents before it removes a source', async () => {
    const calls = fakeAPI({ 'GET /sources': { items: [source()] }, 'DELETE /sources/s1': undefined })
    const { root } = await visit(SourcesPage, '/sources')
    await press('Remove https://a.test/')
    await press('Remove source, keep documents')
    await press('Remove https://a.test/')
    await press('Cancel')
    const removals = calls.filter(({ method }) => method === 'DELETE').map(({ path }) => path)
    expect(removals).toEqual(['/sources/s1?documents=false'])
    expect(root.find('dialog').exists()).toBe(false)
    root.unmount()
  })

  it('offers nothing that would be refused to those who only read, and no reading of folders', async () => {
    fakeAPI({ 'GET /sources': { items: [source({ kind: 'folder' })] } })
    const reader = await visit(SourcesPage, '/sources', 'agent')
    expect(reader.root.findAll('button, input')).toHaveLength(0)
    reader.root.unmount()
    const writer = await visit(SourcesPage, '/sources')
    await expect(press('Read now: https://a.test/')).rejects.toThrow('no button')
    writer.root.unmount()
  })

  it('uploads files into the collection and tells what was not read', async () => {
    const report = { added: ['a.md'], changed: [], unchanged: [], failed: [{ item: 'b.pdf', reason: 'cut off' }], passages: 4 }
    const calls = fakeAPI({ 'GET /sources': { items: [] }, 'POST /uploads': report })
    const { root } = await visit(SourcesPage, '/sources')
    await root.find('.upload input:not([type=file])').setValue('manuals & co')
    const files = [new File(['# A'], 'a.md'), new File(['%'], 'b.pdf')]
    Object.defineProperty(root.find('input[type=file]').element, 'files', { value: files })
    await root.find('input[type=file]').trigger('change')
    await flushPromises()
    const sent = calls.find(({ method }) => method === 'POST')!
    expect(sent.path).toBe('/uploads?collection=manuals%20%26%20co')
    expect((sent.body as FormData).getAll('file')).toHaveLength(2)
    expect(root.find('.upload').text()).toMatch(/new 1.*Passages: 4.*Not read: 1/)
    expect(root.find('.failures').text()).toContain('cut off')
    root.unmount()
  })

  it('says what failed, keeps what it had, and tries again', async () => {
    let broken: boolean = true
    fakeAPI({ 'GET /sources': () => (broken ? Response.json({ detail: 'the database rests' }, { status: 503 }) : { items: [source()] }) })
    const { root } = await visit(SourcesPage, '/sources')
    expect(root.find('[role=alert]').text()).toContain('the database rests')
    broken = false
    await press('Try again')
    expect(root.text()).toContain('https://a.test/')
    expect(root.find('.failure').exists()).toBe(false)
    root.unmount()
  })
})

describe('documents', () => {
  const one = (n: number) => ({ id: `p${n}`, collection: n % 2 ? 'odd' : '', source: `${n}.md`, title: `Paper ${n}`, url: '', lang: 'en', passages: 1, updated_at: at })

  it('pages through many and starts over when the filter changes', async () => {
    fakeAPI({ 'GET /documents': { items: Array.from({ length: 120 }, (_, n) => one(n)) } })
    const { root } = await visit(DocumentsPage, '/documents')
    await press('Next')
    expect(root.findAll('.document')).toHaveLength(50)
    expect(root.text()).toContain('Page 2 of 3')
    await root.find('select').setValue('=odd')
    expect(root.text()).toContain('Documents: 60 of 120')
    expect(root.text()).toContain('Page 1 of 2')
    await root.find('input').setValue('no such paper')
    expect(root.text()).toContain('No document matches')
    root.unmount()
  })

  it('opens at the passage asked for, on whatever page it is', async () => {
    const items = Array.from({ length: 80 }, (_, ordinal) => ({ ordinal, headings: ['A', 'B'], question: '', text: `text ${ordinal}`, start: 0, end: 9, page: 2 }))
    fakeAPI({ 'GET /documents/p1': { ...one(1), url: 'javascript:alert(1)', items } })
    const { root } = await visit(DocumentPage, '/documents/p1?passage=70')
    expect(document.activeElement?.id).toBe('passage-70')
    expect(document.activeElement?.textContent).toMatch(/Passage 71.*A › B.*page 2/)
    expect(root.html()).not.toContain('javascript:')
    root.unmount()
  })
})

describe('test of a question', () => {
  const hit = { document: 'p1', title: 'Lamps', heading: 'Care > Mending', url: '', source: '', text: 'We mend.', score: 1, passage: 4, parts: { lexical: 1 } }
  const answer = { answer: 'We mend [1].', decision: 'answer', reason: 'confident', confidence: 0.9, threshold: 0.8, intent: '', lang: 'en', citations: [{ n: 1, title: 'Lamps', document: 'p1' }], choices: null }

  it('shows what is found and what the bot would say, and leads to the passage', async () => {
    const calls = fakeAPI({ 'GET /search': { items: [hit], answerability: 0.42 }, 'POST /ask': answer })
    const { root, router } = await visit(TestPage, '/test')
    await root.find('input').setValue(' mend? ')
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(router.currentRoute.value.query.q).toBe('mend?')
    expect(calls.map(({ path }) => path)).toEqual(['/search?q=mend%3F&limit=10', '/ask'])
    for (const part of ['may hold the answer (42 %)', 'Answered', 'Sure enough', '90 %', 'Care › Mending']) expect(root.text()).toContain(part)
    expect(root.find('.hit a').attributes('href')).toBe('/documents/p1?passage=4')
    root.unmount()
  })

  it('shows the passages even when the answer fails, and the other way round', async () => {
    fakeAPI({ 'GET /search': { items: [hit] }, 'POST /ask': Response.json({ detail: 'no model' }, { status: 502 }) })
    const { root } = await visit(TestPage, '/test?q=mend')
    expect(root.find('.hit').exists()).toBe(true)
    expect(root.find('[role=alert].failure').text()).toContain('no model')
    root.unmount()
  })

  it('asks for nothing when there is no question', async () => {
    const calls = fakeAPI({})
    const { root } = await visit(TestPage, '/test')
    await root.find('form').trigger('submit')
    expect(root.find('#missing').text()).toBe('Enter a question.')
    expect(calls).toHaveLength(0)
    root.unmount()
  })
})

describe('unanswered questions', () => {
  it('turns a group into a published answer', async () => {
    const calls = fakeAPI({
      'GET /gaps': { items: [gap], questions: 3 },
      'POST /drafts': draft(),
      'POST /drafts/d1/publish': draft({ state: 'published' }),
    })
    const { root } = await visit(UnansweredPage, '/unanswered')
    await press('Write an answer to “Do you mend lamps?”')
    const [question, text] = root.findAll('textarea')
    expect(question!.element.value).toBe('Do you mend lamps?')
    expect(document.activeElement).toBe(text!.element)
    await root.find('form').trigger('submit')
    expect(root.text()).toContain('must not be empty')
    await text!.setValue('Yes, within a week.')
    await root.find('form').trigger('submit')
    await flushPromises()
    const [created, published] = calls.filter(({ method }) => method === 'POST')
    expect(created!.body).toEqual({ question: 'Do you mend lamps?', answer: 'Yes, within a week.', lang: 'en', gap: 'g1' })
    expect(published!.path).toBe('/drafts/d1/publish')
    expect(root.text()).toContain('Published. Visitors get this answer within seconds.')
    root.unmount()
  })

  it('keeps what was written when the server refuses it', async () => {
    fakeAPI({ 'GET /gaps': { items: [gap], questions: 3 }, 'POST /drafts': Response.json({ detail: 'too long' }, { status: 422 }) })
    const { root } = await visit(UnansweredPage, '/unanswered')
    await press('Write an answer to “Do you mend lamps?”')
    await root.findAll('textarea')[1]!.setValue('Yes.')
    await press('Save as draft')
    expect(root.findAll('textarea')[1]!.element.value).toBe('Yes.')
    root.unmount()
  })

  it('dismisses in the period shown, and links conversations for those who may read them', async () => {
    const calls = fakeAPI({ 'GET /gaps': { items: [gap], questions: 3 }, 'POST /gaps/g1/dismiss': undefined })
    const { root } = await visit(UnansweredPage, '/unanswered', 'admin')
    expect(root.find('details a').attributes('href')).toBe('/desk/c1')
    await root.find('select').setValue('30')
    await flushPromises()
    await press('Dismiss “Do you mend lamps?”')
    expect(calls.find(({ method }) => method === 'POST')?.path).toBe('/gaps/g1/dismiss?days=30')
    root.unmount()
    const manager = await visit(UnansweredPage, '/unanswered')
    expect(manager.root.find('details a').exists()).toBe(false)
    manager.root.unmount()
  })
})

describe('drafts', () => {
  it('saves what was edited before it publishes', async () => {
    const calls = fakeAPI({
      'GET /drafts': { items: [draft()] },
      'PUT /drafts/d1': draft({ answer: 'No.' }),
      'POST /drafts/d1/publish': draft({ state: 'published' }),
    })
    const { root } = await visit(DraftsPage, '/drafts')
    await press('Review: Do you mend lamps?')
    expect(root.text()).toContain('The base holds nothing like this.')
    await root.findAll('textarea')[1]!.setValue('No.')
    await press('Publish')
    expect(calls.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual(['PUT /drafts/d1', 'POST /drafts/d1/publish', 'GET /drafts?state=open'])
    expect(calls[1]!.body).toEqual({ question: 'Do you mend lamps?', answer: 'No.', lang: 'en', collection: 'faq' })
    root.unmount()
  })

  it('offers to save and to take out what is published, and gives the focus back', async () => {
    fakeAPI({ 'GET /drafts': { items: [draft({ state: 'published', document: 'p1' })] } })
    const { root } = await visit(DraftsPage, '/drafts?state=published')
    expect(root.text()).toContain('Take out of the base')
    await press('Edit: Do you mend lamps?')
    await expect(press('Publish')).rejects.toThrow('no button')
    await press('Cancel')
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Edit: Do you mend lamps?')
    root.unmount()
  })
})
