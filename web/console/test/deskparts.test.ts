import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { message } from '../../shared/test/fakes'
import AlertList from '../src/components/desk/AlertList.vue'
import ContactPanel from '../src/components/desk/ContactPanel.vue'
import DueMark from '../src/components/desk/DueMark.vue'
import FileView from '../src/components/desk/FileView.vue'
import HandoverDialog from '../src/components/desk/HandoverDialog.vue'
import MessageTools from '../src/components/desk/MessageTools.vue'
import OfferList from '../src/components/desk/OfferList.vue'
import SearchBox from '../src/components/desk/SearchBox.vue'
import ThreadActions from '../src/components/desk/ThreadActions.vue'
import MessageBubble from '../src/components/MessageBubble.vue'
import ReplyBox from '../src/components/ReplyBox.vue'
import SystemNote from '../src/components/SystemNote.vue'
import { useDesk } from '../src/stores/desk'
import { useSession } from '../src/stores/session'
import { fakeAPI } from './fakeapi'
import { show } from './mount'
import { press } from './press'

const NOW = Date.parse('2030-05-04T10:00:00Z')
const later = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  vi.setSystemTime(NOW)
  document.title = 'Handrail'
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  document.body.innerHTML = ''
})

const offer = (conversation: string, seconds: number) => ({
  conversation, since: later(-5), expires_at: later(seconds), reason: 'low_confidence', priority: 0, preview: 'Where is my order?', lang: 'en', name: 'Kim', group: 'Orders',
})

describe('offers', () => {
  async function offered() {
    const list = show(OfferList, {})
    const desk = useDesk()
    const accept = vi.spyOn(desk, 'accept').mockReturnValue(true)
    const decline = vi.spyOn(desk, 'decline').mockReturnValue(true)
    desk.offers = [offer('a', 20)]
    await flushPromises()
    return { list, accept, decline }
  }

  it('count down, are announced, stand in the title, and go when their time is over', async () => {
    const { list } = await offered()
    expect(list.find('.left').text()).toBe('20 s left')
    expect(list.find('[role=alert]').text()).toBe('New offer: Kim, Not sure enough')
    expect(document.title).toBe('(1) Handrail')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(list.find('.left').text()).toBe('15 s left')
    await vi.advanceTimersByTimeAsync(15_500)
    expect(list.find('.offer').exists()).toBe(false)
    expect(document.title).toBe('Handrail')
    list.unmount()
  })

  it('are accepted, which opens the conversation, or declined', async () => {
    const { list, accept, decline } = await offered()
    await press('Decline the conversation with Kim')
    expect(decline).toHaveBeenCalledWith('a')
    await press('Accept the conversation with Kim')
    expect(accept).toHaveBeenCalledWith('a')
    expect(list.emitted('open')).toEqual([['a']])
    list.unmount()
  })
})

it('shows who is overdue, and since when an answer is due', async () => {
  const list = show(AlertList, {})
  const desk = useDesk()
  desk.waiting = [{ ...offer('a', 0), due_at: later(0) }]
  desk.alerts = [{ conversation: 'a', kind: 'first_response', since: later(-40), level: 2 }]
  await flushPromises()
  expect(list.text()).toMatch(/Kim waits for a first answer since .* level 2/)
  await press('Open the conversation with Kim')
  expect(list.emitted('open')).toEqual([['a']])
  const marks = [20, -90].map((seconds) => show(DueMark, { at: later(seconds) }).text())
  expect(marks).toEqual(['answer due in 20 s', 'overdue by 1 min'])
})

describe('a handover', () => {
  const replies = {
    'GET /groups': { items: [{ id: 'g1', name: 'Returns', policy: 'skills', offer_s: 20, members: [2] }] },
    'GET /agents': { items: [{ id: 1, name: 'Me', status: 'online', load: 1, capacity: 4 }, { id: 2, name: 'Wei', status: 'away', load: 0, capacity: 4 }] },
  }

  async function dialog(how: 'transfer' | 'invite') {
    fakeAPI(replies)
    const box = show(HandoverDialog, { conversation: 'a', how })
    useSession().me = { id: 1, name: 'Me', email: '', role: 'agent' }
    const desk = useDesk()
    const transfer = vi.spyOn(desk, 'transfer').mockImplementation(() => {})
    const invite = vi.spyOn(desk, 'invite').mockReturnValue(true)
    await flushPromises()
    return { box, transfer, invite }
  }

  it('goes to a group, with a note', async () => {
    const { box, transfer } = await dialog('transfer')
    expect(box.find('[type=submit]').attributes('disabled')).toBeDefined()
    await box.find('select').setValue('Returns')
    await box.find('textarea').setValue(' knows the case ')
    await box.find('form').trigger('submit')
    expect(transfer).toHaveBeenCalledWith('a', { group: 'Returns' }, 'knows the case')
    expect(box.emitted('done')).toHaveLength(1)
  })

  it('goes to a colleague', async () => {
    const { box, transfer } = await dialog('transfer')
    await box.find('input[value=agent]').setValue(true)
    expect(box.findAll('option').map((one) => one.text())).toContain('Wei, Away, 0 of 4')
    await box.find('select').setValue('2')
    await box.find('form').trigger('submit')
    expect(transfer).toHaveBeenCalledWith('a', { agent_id: 2 }, '')
  })

  it('or a colleague is invited', async () => {
    const { box, invite } = await dialog('invite')
    await box.find('select').setValue('2')
    await box.find('form').trigger('submit')
    expect(invite).toHaveBeenCalledWith('a', 2, '')
  })
})

it('leaves to a guest only to go, and to the agent in charge all the rest', async () => {
  const actions = show(ThreadActions, { conversation: 'a' })
  const desk = useDesk()
  const names = () => actions.findAll('button').map((one) => one.text())
  const own = { conversation: 'a', state: 'human' as const, since: '', preview: '', lang: 'en', name: '', last_seq: 1 }
  desk.mine = [own]
  await flushPromises()
  expect(names()).toEqual(['Transfer', 'Invite', 'Return to bot', 'Close'])
  desk.mine = [{ ...own, guest: true }]
  await flushPromises()
  expect(names()).toEqual(['Leave'])
})

describe('messages', () => {
  const mine = (extra = {}) => message(3, { sender: { kind: 'agent', name: 'Ana' }, at: later(-60), ...extra })

  it('can be changed by their author for a quarter of an hour; removing takes a second press', async () => {
    const tools = show(MessageTools, { message: mine(), me: 'Ana' })
    await press('Edit message 3')
    await press('Remove message 3')
    expect(tools.emitted('remove')).toBeUndefined()
    await press('Really remove?')
    expect(tools.emitted()).toMatchObject({ edit: [[]], remove: [[]] })
    for (const other of [mine({ at: later(-901) }), mine({ revised: 'removed' }), mine({ kind: 'note' })]) {
      expect(show(MessageTools, { message: other, me: 'Ana' }).find('button').exists()).toBe(false)
    }
    expect(show(MessageTools, { message: mine(), me: 'Wei' }).find('button').exists()).toBe(false)
  })

  it.each([
    [{ body: 'new', revised: 'edited' }, 'edited'],
    [{ body: '', revised: 'removed' }, 'This message was removed.'],
    [{ body: undefined, kind: 'erased' }, 'This message was erased.'],
  ] as const)('say what became of them: %j', (extra, words) => {
    expect(show(MessageBubble, { message: mine(extra) }).text()).toContain(words)
  })

  it('show that the visitor has seen them', () => {
    expect(show(MessageBubble, { message: mine(), seen: true }).text()).toContain('Seen')
  })

  it('show pictures, and other files as links that save them', () => {
    const file = { attachment: 'a/1', name: 'x.png', media_type: 'image/png', size: 3_000_000, width: 10, height: 5 }
    const picture = show(FileView, { file })
    expect(picture.find('img').attributes()).toMatchObject({ src: '/api/v1/attachments/a%2F1', alt: 'x.png' })
    expect(picture.find('a').attributes()).toMatchObject({ download: 'x.png', 'aria-label': 'Download x.png, 2.9 MB' })
    expect(show(FileView, { file: { ...file, media_type: 'image/svg+xml' } }).find('img').exists()).toBe(false)
  })

  it.each([
    ['transferred', { group: 'Returns' }, 'Passed on to Returns.'],
    ['joined', { name: 'Wei' }, 'Wei was invited and has joined.'],
    ['left', { name: 'Wei' }, 'Wei has left.'],
    ['left_message', { email: 'kim@a.test' }, 'answer to kim@a.test. “text 1”'],
  ] as const)('of the kind %s', (kind, data, words) => {
    expect(show(SystemNote, { message: message(1, { kind, data, sender: { kind: 'system' } }) }).text()).toContain(words)
  })
})

describe('ReplyBox', () => {
  it('corrects an earlier message and gives back what was being written', async () => {
    const box = show(ReplyBox, { conversation: 'a', editing: null })
    const input = box.find('textarea')
    await input.setValue('half')
    await box.setProps({ editing: message(4, { body: 'helo' }) })
    expect(input.element.value).toBe('helo')
    await input.setValue('hello')
    await input.trigger('keydown', { key: 'Enter' })
    expect(box.emitted('edit')).toEqual([[4, 'hello']])
    expect(box.emitted('say')).toBeUndefined()
    await box.setProps({ editing: null })
    expect(input.element.value).toBe('half')
  })

  it('sends a file where it was attached, whichever conversation is in sight by then', async () => {
    const requests: { url: string; onload?: () => void; form?: FormData; status: number; responseText: string }[] = []
    vi.stubGlobal('XMLHttpRequest', class {
      upload = {}
      status = 201
      responseText = JSON.stringify({ attachment: 'f1', name: 'a.txt', media_type: 'text/plain', size: 1 })
      url = ''
      form?: FormData
      constructor() { requests.push(this) }
      open(_: string, url: string) { this.url = url }
      send(form: FormData) { this.form = form }
      abort() {}
    })
    const box = show(ReplyBox, { conversation: 'a' })
    await box.find('form').trigger('drop', { dataTransfer: { files: [new File(['x'], 'a.txt')], types: ['Files'] } })
    expect(box.text()).toContain('Sending a.txt')
    await box.setProps({ conversation: 'b' })
    expect(box.text()).not.toContain('Sending a.txt')
    expect(requests[0]).toMatchObject({ url: '/api/v1/attachments' })
    expect(requests[0]!.form!.get('conversation')).toBe('a')
    requests[0]!.onload!()
    expect(box.emitted('file')).toEqual([['a', 'f1']])
  })
})

describe('the contact', () => {
  const contact = {
    id: 'c1', name: 'Kim', email: 'kim@a.test', phone: '', verified: false, attributes: { user_level: 'VIP' }, lang: 'en', timezone: 'Asia/Tokyo',
    conversations: [{ id: 'a', state: 'human' }, { id: 'b', state: 'closed', name: 'Kim', preview: 'older', updated_at: later(-3600) }],
  }

  it('is shown with what is proved, and with the other conversations', async () => {
    fakeAPI({ 'GET /conversations/a': { id: 'a', contact: 'c1' }, 'GET /contacts/c1': contact })
    const panel = show(ContactPanel, { conversation: 'a' })
    await flushPromises()
    expect(panel.text()).toMatch(/Kim.*Not verified.*kim@a.test.*Asia\/Tokyo, .* there.*user_level.*VIP/)
    expect(panel.findAll('[data-row]')).toHaveLength(1)
    await panel.find('[data-row]').trigger('click')
    expect(panel.emitted('open')).toEqual([['b']])
    expect(panel.text()).not.toContain('Erase')
  })

  it('is erased only after a typed word', async () => {
    const calls = fakeAPI({ 'GET /conversations/a': { id: 'a', contact: 'c1' }, 'GET /contacts/c1': contact, 'POST /contacts/c1/erase': undefined })
    const panel = show(ContactPanel, { conversation: 'a' })
    useSession().me = { id: 1, name: 'Me', email: '', role: 'admin' }
    await flushPromises()
    await press('Erase…')
    expect(panel.find('dialog [type=submit]').attributes('disabled')).toBeDefined()
    await panel.find('dialog input').setValue('Erase')
    await panel.find('dialog form').trigger('submit')
    await flushPromises()
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toContain('POST /contacts/c1/erase')
    expect(panel.text()).toContain('Erased.')
  })
})

it('searches when the agent pauses', async () => {
  const calls = fakeAPI({ 'GET /conversations': { items: [{ id: 'b', state: 'closed', lang: 'en', name: 'Kim', preview: 'a lamp', updated_at: later(0) }] } })
  const box = show(SearchBox, { current: '', now: NOW })
  const input = box.find('input')
  await input.setValue('la')
  await input.setValue('lamp & co')
  expect(calls).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(400)
  expect(calls.map(({ path }) => path)).toEqual(['/conversations?q=lamp%20%26%20co&limit=30'])
  expect(box.find('[role=status]').text()).toBe('Found: 1')
  await input.setValue('')
  expect(box.find('[data-row]').exists()).toBe(false)
})
