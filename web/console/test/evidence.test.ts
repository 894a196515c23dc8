import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { reactive } from 'vue'
import { message } from '../../shared/test/fakes'
import EvidencePanel from '../src/components/EvidencePanel.vue'
import VerdictBar from '../src/components/VerdictBar.vue'
import type { Role } from '../src/api/types'
import { useDesk } from '../src/stores/desk'
import { useSession } from '../src/stores/session'
import { Thread } from '../src/stores/thread'
import { fakeAPI } from './fakeapi'
import { show } from './mount'
import { press } from './press'

afterEach(() => {
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

const at = '2030-05-04T10:00:00Z'
const turn = (seq: number, decision: string, extra = {}) => ({
  seq, decision, reason: 'no_answer', confidence: 0.3, threshold: 0.8, intent: '', intent_probability: 0, lang: 'en', entities: null,
  passages: [], features: null, at, verdict: null, withheld: null, ...extra,
})
const withheld = { text: 'Perhaps **this** [1].', citations: null }
const handoff = { reason: 'no_answer', confidence: 0.3, lang: 'en', entities: null, passages: null, at, summary: '' }
const VERDICT = 'PUT /conversations/c1/turns/3/verdict'

/** panel shows the evidence of a conversation of three entries, as the desk of somebody with the role does. */
async function panel(role: Role, replies: Record<string, unknown> = {}) {
  const calls = fakeAPI({ 'GET /conversations/c1/evidence': { handoffs: [handoff], turns: [turn(3, 'handoff', { withheld }), turn(1, 'answer', { reason: 'confident' })] }, ...replies })
  const one = show(EvidencePanel, { conversation: 'c1' })
  useSession().me = { id: 1, name: 'Kim', email: '', role }
  const thread = reactive(new Thread('c1')) as Thread
  for (const [seq, body] of [[1, 'I am Kim, 555-0100. Lamps?'], [3, 'Really?']] as const) thread.take(message(seq, { sender: { kind: 'visitor' }, body }))
  useDesk().threads.set('c1', thread)
  await vi.waitFor(() => expect(one.findAll('.turn')).toHaveLength(2))
  return { one, calls }
}

describe('a verdict', () => {
  const pressed = (bar: ReturnType<typeof show>) => bar.findAll('button').map((one) => one.attributes('aria-pressed'))
  const bar = (verdict: boolean | null = null) => show(VerdictBar, { conversation: 'c1', seq: 3, verdict, ask: 'Right?' })

  it('is shown at once, sent, and can be cleared', async () => {
    const calls = fakeAPI({ [VERDICT]: undefined })
    const one = bar()
    const [yes, , clear] = one.findAll('button')
    expect(clear!.attributes('disabled')).toBeDefined()
    await yes!.trigger('click')
    expect(pressed(one).slice(0, 2)).toEqual(['true', 'false'])
    await flushPromises()
    expect(one.find('[role=status]').text()).toBe('Kept.')
    await clear!.trigger('click')
    await flushPromises()
    expect(calls.map(({ body }) => body)).toEqual([{ right: true }, { right: null }])
    expect(pressed(one).slice(0, 2)).toEqual(['false', 'false'])
  })

  it('is taken back when the server does not keep it, and says why', async () => {
    fakeAPI({ [VERDICT]: Response.json({ detail: 'the database rests' }, { status: 503 }) })
    const one = bar(false)
    await one.findAll('button')[0]!.trigger('click')
    expect(pressed(one).slice(0, 2)).toEqual(['true', 'false'])
    await flushPromises()
    expect(pressed(one).slice(0, 2)).toEqual(['false', 'true'])
    expect(one.find('[role=alert]').text()).toContain('the database rests')
  })

  it('goes by the last of several clicks, in whatever order their ends come', async () => {
    const ends: ((ok: boolean) => void)[] = []
    vi.stubGlobal('fetch', () => new Promise((resolve) => ends.push((ok) => resolve(ok ? new Response(null, { status: 204 }) : Response.json({ detail: 'no' }, { status: 500 })))))
    const one = bar()
    await one.findAll('button')[0]!.trigger('click')
    await one.findAll('button')[1]!.trigger('click')
    ends[1]!(true)
    await flushPromises()
    ends[0]!(false)
    await flushPromises()
    expect(pressed(one).slice(0, 2)).toEqual(['false', 'true'])
    expect(one.find('[role=alert]').exists()).toBe(false)
  })
})

describe('the panel', () => {
  it('asks for a verdict once per answer, given or withheld, and offers cases of every turn', async () => {
    const { one } = await panel('agent')
    expect(one.findAll('.verdict .ask').map((ask) => ask.text())).toEqual(['Would the bot’s answer have been right?', 'Was the bot’s answer right?'])
    expect(one.find('.withheld strong').text()).toBe('this')
    expect(one.findAll('.make button').map((button) => button.attributes('aria-label'))).toEqual(['Make a case of message 3', 'Make a case of message 1'])
    one.unmount()
  })

  it('asks for none where the bot had no answer', async () => {
    const turns = [turn(3, 'handoff', { reason: 'asked_for_person' }), turn(1, 'answer', { reason: 'fixed_reply' })]
    const { one } = await panel('agent', { 'GET /conversations/c1/evidence': { handoffs: [handoff], turns } })
    expect(one.findAll('.verdict')).toHaveLength(0)
    one.unmount()
  })

  it('offers neither to those who only inspect', async () => {
    const { one } = await panel('quality_inspector')
    expect(one.findAll('.verdict, .make')).toHaveLength(0)
    one.unmount()
  })

  it('sends a verdict for the turn that led to the handoff', async () => {
    const { one, calls } = await panel('agent', { [VERDICT]: undefined })
    await press('No')
    expect(calls.at(-1)).toMatchObject({ method: 'PUT', path: '/conversations/c1/turns/3/verdict', body: { right: false } })
    one.unmount()
  })

  it('makes a case in two clicks, and leaves the masking of what was not edited to the server', async () => {
    const { one, calls } = await panel('agent', { 'POST /evals/cases': { id: 'k1', question: 'I am Kim, [phone]. Lamps?' } })
    await press('Make a case of message 1')
    await vi.waitFor(() => expect(one.find('dialog form').exists()).toBe(true))
    expect(one.find('dialog textarea').element).toHaveProperty('value', 'I am Kim, 555-0100. Lamps?')
    await one.find('dialog input').setValue('lamps')
    await one.find('dialog form').trigger('submit')
    await flushPromises()
    expect(calls.at(-1)!.body).toEqual({ conversation: 'c1', seq: 1, tags: ['lamps'] })
    expect(one.find('dialog').exists()).toBe(false)
    expect(one.findAll('.make [role=status]')[1]!.text()).toBe('Kept as “I am Kim, [phone]. Lamps?”.')
    one.unmount()
  })

  it('says in the dialog why no case was made, and makes none when it is left', async () => {
    const { one, calls } = await panel('agent', { 'POST /evals/cases': Response.json({ detail: 'this turn is a case already' }, { status: 409 }) })
    await press('Make a case of message 3')
    await vi.waitFor(() => expect(one.find('dialog form').exists()).toBe(true))
    await press('Cancel')
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(0)
    await press('Make a case of message 3')
    await press('Keep the case')
    expect(one.find('dialog [role=alert]').text()).toContain('this turn is a case already')
    one.unmount()
  })
})
