import { effectScope, nextTick, ref } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import FailureList from '../src/components/knowledge/FailureList.vue'
import ScoreBar from '../src/components/knowledge/ScoreBar.vue'
import SourceForm from '../src/components/knowledge/SourceForm.vue'
import { collectionsOf, matching } from '../src/knowledge/filter'
import { usePaging } from '../src/compose/paging'
import { likelihood, segments } from '../src/knowledge/parts'
import { usePoll } from '../src/compose/poll'
import { percent, running } from '../src/compose/run'
import { mayReadConversations, mayWriteKnowledge } from '../src/roles'
import { show } from './mount'

const paper = (title: string, collection: string, source = '') =>
  ({ id: title, title, collection, source, url: '', lang: 'en', passages: 1, updated_at: '' })

describe('filter', () => {
  const all = [paper('Delivery times', 'shop', 'en/a.md'), paper('配送时间', ''), paper('Returns', 'shop')]

  it('keeps documents with every word, in any case, in title or source', () => {
    expect(matching(all, ' TIMES en/a ', null).map((one) => one.title)).toEqual(['Delivery times'])
    expect(matching(all, '配送', null)).toHaveLength(1)
    expect(matching(all, '', null)).toHaveLength(3)
  })

  it('takes the collection without a name for one like any other', () => {
    expect(matching(all, '', '').map((one) => one.title)).toEqual(['配送时间'])
    expect(collectionsOf(all)).toEqual(['', 'shop'])
  })
})

describe('paging', () => {
  it('never stays on a page that is gone, and turns to an entry', async () => {
    const scope = effectScope()
    const entries = ref(Array.from({ length: 120 }, (_, i) => i))
    const paging = scope.run(() => usePaging(entries, 50))!
    paging.reveal(110)
    expect([paging.page.value, paging.shown.value.length]).toEqual([3, 20])
    entries.value = [1]
    await nextTick()
    expect([paging.page.value, paging.pages.value, paging.shown.value]).toEqual([1, 1, [1]])
    scope.stop()
  })
})

describe('score parts', () => {
  it('draws shares against the best score, largest first, and kinds it does not know', () => {
    const bars = segments(3, { lexical: 1, novel: 2, dense: 0 }, 6)
    expect(bars.map(({ name, width }) => [name, Math.round(width)])).toEqual([['novel', 33], ['lexical', 17]])
  })

  it('gives no width to a share that takes away, and never more than the bar', () => {
    const bars = segments(1, { lexical: 3, age: -2 }, 1)
    expect(bars.map(({ width }) => width)).toEqual([100, 0])
  })

  it('shows the whole score where the server gives no parts', () => {
    expect(segments(2, undefined, 2)).toMatchObject([{ name: 'score', width: 100 }])
  })

  it('says values as text', () => {
    const text = show(ScoreBar, { score: 0.5, parts: { lexical: 0.45, unheard_of: 0.05 }, best: 1 }).text()
    for (const part of ['score 0.50', 'Words in the text', '0.45', 'unheard_of', '0.050']) expect(text).toContain(part)
  })
})

it.each([[0.9, 'likely'], [0.5, 'perhaps'], [0.1, 'unlikely']] as const)('calls %d %s', (p, word) => {
  expect(likelihood(p)).toBe(word)
})

describe('runs', () => {
  it('counts progress without dividing by nothing', () => {
    expect([percent({ done: 0, total: 0 }), percent({ done: 1, total: 3 }), percent({ done: 5, total: 4 })]).toEqual([0, 33, 100])
    expect(['queued', 'running', 'done', 'failed'].map((state) => running({ state } as never))).toEqual([true, true, false, false])
    expect(running(null)).toBe(false)
  })
})

describe('polling', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('asks only while something runs, and not after the page is left', async () => {
    const scope = effectScope()
    const wanted = ref(false)
    const act = vi.fn(async () => {})
    scope.run(() => usePoll(() => wanted.value, act, 1000))
    await vi.advanceTimersByTimeAsync(5000)
    expect(act).toHaveBeenCalledTimes(0)
    wanted.value = true
    await nextTick()
    await vi.advanceTimersByTimeAsync(2500)
    expect(act).toHaveBeenCalledTimes(2)
    scope.stop()
    await vi.advanceTimersByTimeAsync(5000)
    expect(act).toHaveBeenCalledTimes(2)
  })
})

describe('SourceForm', () => {
  it('refuses what is not a web address, and says so', async () => {
    const form = show(SourceForm, { busy: false })
    for (const bad of ['', 'example.com', 'file:///etc/passwd', 'javascript:alert(1)']) {
      await form.find('input[type=url]').setValue(bad)
      await form.find('form').trigger('submit')
    }
    expect(form.emitted('add')).toBeUndefined()
    expect(form.find('[role=alert]').text()).toContain('https://')
  })

  it('sends limits only for kinds that have them', async () => {
    const form = show(SourceForm, { busy: false })
    await form.find('input[type=url]').setValue(' https://a.test/ ')
    await form.find('form').trigger('submit')
    await form.find('input[value=crawl]').setValue(true)
    await form.find('form').trigger('submit')
    const plain = { kind: 'page', location: 'https://a.test/', collection: '', every_hours: 0 }
    expect(form.emitted('add')).toEqual([[plain], [{ ...plain, kind: 'crawl', max_pages: 500, depth: 5 }]])
  })
})

it('copies failures, or selects them where there is no clipboard', async () => {
  const write = vi.fn(async (_: string) => {})
  vi.stubGlobal('navigator', { clipboard: { writeText: write } })
  const list = show(FailureList, { failures: [{ item: 'a.pdf', reason: 'cut off' }, { item: 'b.pdf', reason: 'locked' }] })
  await list.find('button').trigger('click')
  expect(write).toHaveBeenCalledWith('a.pdf\tcut off\nb.pdf\tlocked')
  write.mockRejectedValue(new Error('not allowed'))
  await list.find('button').trigger('click')
  await vi.waitFor(() => expect(list.find('[role=status]').text()).toContain('selected'))
  vi.unstubAllGlobals()
})

it('lets managers and admins write, and keeps managers from conversations', () => {
  const roles = ['admin', 'agent', 'quality_inspector', 'knowledge_manager'] as const
  expect(roles.filter((role) => mayWriteKnowledge({ role }))).toEqual(['admin', 'knowledge_manager'])
  expect(roles.filter((role) => mayReadConversations({ role }))).toEqual(['admin', 'agent', 'quality_inspector'])
})
