import { flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import AgentsPage from '../src/pages/settings/AgentsPage.vue'
import GroupsPage from '../src/pages/settings/GroupsPage.vue'
import HoursPage from '../src/pages/settings/HoursPage.vue'
import RoutingPage from '../src/pages/settings/RoutingPage.vue'
import RulesPage from '../src/pages/settings/RulesPage.vue'
import SlaPage from '../src/pages/settings/SlaPage.vue'
import WebhooksPage from '../src/pages/settings/WebhooksPage.vue'
import { fakeAPI } from './fakeapi'
import { visit } from './mount'
import { press } from './press'

vi.mock('../src/components/TopBar.vue', () => ({ default: { render: () => null } }))

afterEach(() => {
  vi.unstubAllGlobals()
  document.body.innerHTML = ''
})

const agents = { items: [{ id: 7, name: 'Alice', status: 'online', load: 1, capacity: 4, skills: { returns: 3 }, languages: ['en'], groups: [] }] }
const group = { id: 'g1', name: 'Returns', policy: 'skills', offer_s: 20, hours: '', members: [7] }
const replies = { 'GET /groups': { items: [group] }, 'GET /agents': agents, 'GET /hours': { items: [] } }
const last = (calls: { method: string; path: string; body: unknown }[], method: string) => calls.findLast((one) => one.method === method)!

describe('groups', () => {
  it('are shown with their members, added, changed, and removed after a question', async () => {
    const calls = fakeAPI({ ...replies, 'POST /groups': group, 'PUT /groups/g1': group, 'DELETE /groups/g1': undefined })
    const { root } = await visit(GroupsPage, '/groups', 'admin')
    expect(root.find('.entry').text()).toMatch(/Returns.*Best skills.*asks for 20 s.*Alice/)
    await press('New group')
    await root.find('form').trigger('submit')
    expect(root.find('[role=alert]').text()).toBe('Give the group a name.')
    await root.find('form input').setValue(' Sales ')
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(last(calls, 'POST').body).toEqual({ name: 'Sales', policy: 'least_loaded', offer_s: 20, hours: '', members: [] })
    expect(root.find('form').exists()).toBe(false)
    await press('Edit Returns')
    await root.find('input[type=checkbox]').setValue(false)
    await root.find('form').trigger('submit')
    await flushPromises()
    expect(last(calls, 'PUT').body).toMatchObject({ name: 'Returns', members: [] })
    await press('Remove Returns')
    await press('Remove')
    expect(last(calls, 'DELETE').path).toBe('/groups/g1')
    root.unmount()
  })
})

it('changes what an agent can do', async () => {
  const calls = fakeAPI({ ...replies, 'PUT /agents/7': {} })
  const { root } = await visit(AgentsPage, '/agents', 'admin')
  expect(root.find('.entry').text()).toMatch(/1 of 4 conversations.*Languages: en.*returns, level 3/)
  await press('Edit Alice')
  await press('Add a skill')
  await root.find('[aria-label="Skill 2"]').setValue('english')
  await root.find('[aria-label="Level of skill 2"]').setValue('5')
  await root.find('input[type=checkbox]').setValue(true)
  await root.find('form').trigger('submit')
  await flushPromises()
  expect(last(calls, 'PUT').body).toEqual({ capacity: 4, skills: { returns: 3, english: 5 }, languages: ['en'], groups: ['Returns'] })
  root.unmount()
})

it('saves business hours only when they can be right', async () => {
  const calls = fakeAPI({ ...replies, 'PUT /hours': undefined })
  const { root } = await visit(HoursPage, '/hours', 'admin')
  await press('New business hours')
  const zone = root.find('[list=timezones]')
  await zone.setValue('Nowhere')
  await root.find('form').trigger('submit')
  expect(root.find('.wrong').text()).toContain('This time zone is not known.')
  expect(calls.some(({ method }) => method === 'PUT')).toBe(false)
  await zone.setValue('Asia/Shanghai')
  await press('Add a holiday')
  await root.find('[aria-label="Date of holiday 1"]').setValue('2030-10-01')
  await root.find('[aria-label="Name of holiday 1"]').setValue('国庆节')
  await root.find('form').trigger('submit')
  await flushPromises()
  const { items } = last(calls, 'PUT').body as { items: { week: unknown[] }[] }
  expect(items[0]).toMatchObject({ name: 'default', timezone: 'Asia/Shanghai', holidays: [{ date: '2030-10-01', name: '国庆节' }] })
  expect(Object.keys(items[0]!)).not.toContain('key')
  expect(items[0]!.week).toHaveLength(5)
  root.unmount()
})

it('sorts the steps of the escalation', async () => {
  const calls = fakeAPI({ 'GET /sla': { first_response_s: 30, waiting_s: 120, ladder: [{ after_s: 90, notify: 'admins' }] }, 'PUT /sla': undefined })
  const { root } = await visit(SlaPage, '/sla', 'admin')
  await press('Add a step')
  await root.find('[aria-label="Step 2: seconds after the limit"]').setValue('10')
  await root.find('[aria-label="Step 2: tell"]').setValue('webhook')
  await root.find('form').trigger('submit')
  await flushPromises()
  expect(last(calls, 'PUT').body).toEqual({ first_response_s: 30, waiting_s: 120, ladder: [{ after_s: 10, notify: 'webhook' }, { after_s: 90, notify: 'admins' }] })
  root.unmount()
})

it('adds a webhook, shows its secret once, tests it and reads its deliveries', async () => {
  const hook = { id: 'w1', url: 'https://a.test/hook', events: ['conversation.closed'] }
  const delivery = { event: 'e', type: 'test', attempt: 1, status: 0, error: 'refused', took_ms: 3, at: '2030-05-04T10:00:00Z' }
  let list: unknown[] = []
  const calls = fakeAPI({
    'GET /webhooks': () => ({ items: list }),
    'POST /webhooks': () => ((list = [hook]), { ...hook, secret: 'whsec_1' }),
    'POST /webhooks/w1/test': undefined,
    'GET /webhooks/w1/deliveries': { items: [delivery] },
  })
  const { root } = await visit(WebhooksPage, '/webhooks', 'admin')
  await root.find('[type=url]').setValue('https://a.test/hook')
  await root.find('form').trigger('submit')
  expect(root.find('.wrong').text()).toContain('choose an event')
  await root.find('[value="conversation.closed"]').setValue(true)
  await root.find('form').trigger('submit')
  await flushPromises()
  expect(last(calls, 'POST').body).toEqual({ url: 'https://a.test/hook', events: ['conversation.closed'], bodies: false })
  expect((root.find('.secret input').element as HTMLInputElement).value).toBe('whsec_1')
  expect(root.text()).toContain('A conversation is closed')
  await press('I have copied it')
  expect(root.html()).not.toContain('whsec_1')
  await press('Send a test to https://a.test/hook')
  expect(last(calls, 'POST').path).toBe('/webhooks/w1/test')
  await press('Deliveries to https://a.test/hook')
  expect(root.find('.deliveries').text()).toMatch(/test.*no answer refused.*3 ms/)
  root.unmount()
})

describe('routing', () => {
  const versions = { active: 2, versions: [2, 1].map((version) => ({ version, created_at: '2030-05-04T10:00:00Z', by: 'Robin', note: `note ${version}`, rules: version })) }

  it('lists versions, and rolls back after a question', async () => {
    const calls = fakeAPI({ 'GET /routing': versions, 'POST /routing/1/activate': undefined, 'POST /routing/0/activate': undefined })
    const { root } = await visit(RoutingPage, '/routing', 'admin')
    expect(root.findAll('tbody tr').map((row) => row.text())).toEqual([expect.stringMatching(/^2 in use.*note 2/), expect.stringMatching(/^1.*note 1/)])
    await press('Use version 1')
    expect(calls.some(({ method }) => method === 'POST')).toBe(false)
    await press('Use')
    expect(last(calls, 'POST').path).toBe('/routing/1/activate')
    await press('Use no rules')
    ;[...document.querySelectorAll<HTMLElement>('dialog button')].find((one) => one.textContent?.trim() === 'Use no rules')!.click()
    await flushPromises()
    expect(last(calls, 'POST').path).toBe('/routing/0/activate')
    root.unmount()
  })

  const stored = { version: 2, routing_rules: [{ condition: "contains_any(text, ['退款'])", action: "assign_to_group('after-sales')" }, { condition: 'true', action: "round_robin('default_group')" }] }

  async function editor(more: object = {}) {
    const calls = fakeAPI({ 'GET /routing/2': stored, 'POST /routing/check': { ok: true, problems: [] }, ...more })
    const { root, router } = await visit(RulesPage, '/routing/edit/2', 'admin')
    const cards = () => root.findAll('.rule')
    return { calls, root, router, cards }
  }

  it('moves rules with the keyboard, and the focus goes along', async () => {
    const { root, cards } = await editor()
    expect(cards().map((card) => (card.find('textarea').element as HTMLTextAreaElement).value)).toEqual(['退款', 'true'])
    await press('Move rule 2 up')
    expect(cards().map((card) => (card.find('textarea').element as HTMLTextAreaElement).value)).toEqual(['true', '退款'])
    expect(root.text()).toContain('Rule 2 is now rule 1.')
    expect(document.activeElement!.getAttribute('aria-label')).toBe('Move rule 1 down')
    root.unmount()
  })

  it('shows mistakes at their rule, until it is changed, and stores nothing with them', async () => {
    const problems = [{ rule: 2, part: 'condition', column: 5, message: 'there is no variable lnag' }]
    const { calls, root, cards } = await editor({ 'POST /routing/check': { ok: false, problems } })
    await press('Store as a new version')
    expect(calls.map(({ path }) => path)).toEqual(['/routing/2', '/routing/check'])
    expect(cards()[1]!.find('.problems').text()).toBe('condition, character 5: there is no variable lnag')
    expect(cards()[0]!.find('.problems').exists()).toBe(false)
    expect(cards()[1]!.find('textarea').attributes('aria-invalid')).toBe('true')
    await cards()[1]!.find('textarea').setValue("lang == 'en'")
    expect(root.find('.problems').exists()).toBe(false)
    root.unmount()
  })

  it('takes pasted JSON, tries it, and stores it as a version with a note', async () => {
    const trial = { tried: 40, changed: 1, items: [{ conversation: 'c', at: '', reason: 'low_confidence', text: '我要退款', before: { group: '', rule: 0 }, after: { group: 'premium', rule: 1 } }] }
    const { calls, root, router } = await editor({ 'POST /routing/try': trial, 'POST /routing': { version: 3 } })
    const rules = { routing_rules: [{ condition: "user_level == 'VIP'", action: "assign_to_group('premium')" }] }
    await press('JSON')
    await root.find('textarea').setValue('{"routing_rules":')
    expect(root.find('.wrong').text()).toContain('This JSON cannot be read')
    await root.find('textarea').setValue(JSON.stringify(rules))
    await press('Try on past conversations')
    expect(last(calls, 'POST')).toMatchObject({ path: '/routing/try', body: rules })
    expect(root.find('.trial').text()).toMatch(/Tried: 40. Would go another way: 1.*我要退款.*any agent \(no rule\).*premium \(rule 1\)/)
    await root.find('.note input').setValue(' VIP first ')
    await press('Store as a new version')
    expect(last(calls, 'POST')).toMatchObject({ path: '/routing', body: { ...rules, note: 'VIP first' } })
    await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('routing'))
    root.unmount()
  })

  it('adds and removes rules', async () => {
    const { root, cards } = await editor()
    await press('Remove rule 1')
    await press('Add a rule')
    expect(cards()).toHaveLength(2)
    expect(document.activeElement!.closest('.rule')!.textContent).toContain('Rule 2')
    root.unmount()
  })
})
