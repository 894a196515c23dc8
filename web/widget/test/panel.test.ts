import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSocket, message } from '../../shared/test/fakes'
import { Chat } from '../src/chat'
import { Panel } from '../src/panel'
import { Session } from '../src/session'
import { tables } from '../src/texts'

let chat: Chat
let panel: Panel
let uploads: FakeRequest[]
let fetched: { url: string; init: RequestInit }[]

/** FakeRequest plays the server of an upload. */
class FakeRequest {
  upload: { onprogress?: (event: object) => void } = {}
  headers: Record<string, string> = {}
  url = ''
  status = 0
  responseText = ''
  aborted = false
  form = new FormData()
  onload?: () => void
  onerror?: () => void
  constructor() {
    uploads.push(this)
  }
  open = (_method: string, url: string) => (this.url = url)
  setRequestHeader = (name: string, value: string) => (this.headers[name] = value)
  send = (form: FormData) => (this.form = form)
  abort = () => (this.aborted = true)
  answers(status: number, body: object): void {
    Object.assign(this, { status, responseText: JSON.stringify(body) })
    this.onload?.()
  }
}

beforeEach(async () => {
  vi.useFakeTimers()
  vi.setSystemTime('2030-05-04T10:05:00Z')
  uploads = []
  fetched = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('XMLHttpRequest', FakeRequest)
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    fetched.push({ url, init })
    if (url.includes('/attachments/')) return new Response('bytes')
    return Response.json({ contact_token: 'c', ticket: 't', ws_path: '/ws/visitor', settings: { title: 'Shop' }, contact: { email: 'kim@a.test' } })
  })
  FakeSocket.all = []
  localStorage.clear()
  const session = new Session({ origin: 'https://help.test', key: 'k', lang: 'en', identity: 'jwt', traits: { name: 'Kim' } }, localStorage)
  chat = new Chat(session, () => panel?.update())
  panel = new Panel(chat, tables.en, 'en', 'https://help.test', () => {})
  document.body.append(panel.node)
  panel.node.hidden = false
  chat.start()
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.last.open()
  says({ t: 'welcome', conversation: 'conv', state: 'human', last_seq: 0, can_rate: false })
})

afterEach(() => {
  chat.stop()
  document.body.innerHTML = ''
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const says = (frame: object) => FakeSocket.last.says(frame)
const sent = () => FakeSocket.last.sent
const mine = (seq: number, extra = {}) => says({ t: 'msg', ...message(seq, { sender: { kind: 'visitor' }, ...extra }) })
const text = () => panel.node.textContent!
const find = <T extends HTMLElement>(selector: string) => panel.node.querySelector<T>(selector)!
const button = (name: string) => [...panel.node.querySelectorAll('button')].find((one) => one.textContent === name)!
const type = (words: string) => {
  find<HTMLTextAreaElement>('.composer textarea').value = words
  find('.composer').dispatchEvent(new Event('submit', { cancelable: true }))
}

it('tells the server the time zone, and what the page says of the visitor', () => {
  const body = JSON.parse(fetched[0]!.init.body as string)
  expect(body).toMatchObject({ identity: 'jwt', traits: { name: 'Kim' }, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone })
})

describe('files', () => {
  it('shows the progress, and sends what was stored', () => {
    chat.uploads.add(new File(['x'], 'photo.png', { type: 'image/png' }))
    expect(uploads[0]).toMatchObject({ url: 'https://help.test/api/v1/widget/attachments', headers: { Authorization: 'Bearer c' } })
    expect((uploads[0]!.form.get('file') as File).name).toBe('photo.png')
    uploads[0]!.upload.onprogress!({ loaded: 1, total: 4 })
    expect(find('progress').getAttribute('value')).toBe('0.25')
    uploads[0]!.answers(200, { attachment: 'a1', name: 'photo.png', media_type: 'image/png', size: 1 })
    expect(sent().at(-1)).toMatchObject({ t: 'send', kind: 'file', attachment: 'a1', body: '' })
    expect(find('.pending').textContent).toContain('photo.png')
    mine(1, { kind: 'file', client_id: sent().at(-1)!.client_id, body: '', data: { attachment: 'a1', name: 'photo.png', media_type: 'text/plain', size: 2048 } })
    expect(find('.pending')).toBeNull()
    expect(find('.file').textContent).toBe('photo.png2 KB')
  })

  it.each([
    [413, { detail: 'at most 10 MB' }, 'big.zip is too large to be sent. (≤ 10 MB)'],
    [415, {}, 'big.zip is of a kind that cannot be sent.'],
    [500, {}, 'big.zip could not be sent.'],
  ])('says why one was not stored: %i', (status, body, words) => {
    chat.uploads.add(new File(['x'], 'big.zip'))
    uploads[0]!.answers(status, body)
    expect(find('.failure').textContent).toContain(words)
    expect(!!button('Try again')).toBe(status === 500)
    button('Cancel').click()
    expect(find('.failure')).toBeNull()
  })

  it('can be called off, and sent again after a failure', () => {
    chat.uploads.add(new File(['x'], 'a.txt'))
    uploads[0]!.onerror!()
    button('Try again').click()
    expect(uploads).toHaveLength(2)
    find<HTMLButtonElement>('.upload button').click()
    expect(uploads[1]!.aborted).toBe(true)
    expect(chat.uploads.items).toEqual([])
  })

  it('are fetched with the visitor’s token only', async () => {
    await chat.file('a1')
    expect(fetched.at(-1)).toMatchObject({ url: 'https://help.test/api/v1/widget/attachments/a1', init: { credentials: 'omit', headers: { Authorization: 'Bearer c' } } })
  })
})

describe('changes', () => {
  it('puts a message back into the input, sends the correction, and shows it marked', () => {
    mine(1, { body: 'helo' })
    find<HTMLTextAreaElement>('.composer textarea').value = 'half written'
    button('Edit').click()
    expect(find<HTMLTextAreaElement>('.composer textarea').value).toBe('helo')
    type('hello')
    expect(sent().at(-1)).toMatchObject({ t: 'edit', seq: 1, body: 'hello' })
    expect(find<HTMLTextAreaElement>('.composer textarea').value).toBe('half written')
    mine(2, { kind: 'edit', body: 'hello', data: { seq: 1 } })
    expect(panel.node.querySelectorAll('.row.visitor')).toHaveLength(1)
    expect(find('.row.visitor').textContent).toContain('editedhello')
  })

  it('removes after a second press', () => {
    mine(1, { body: 'secret' })
    button('Remove').click()
    expect(sent().at(-1)!.t).not.toBe('edit')
    button('Really remove?').click()
    expect(sent().at(-1)).toMatchObject({ t: 'edit', seq: 1, body: '', removed: true })
    mine(2, { kind: 'edit', body: '', data: { seq: 1, removed: true } })
    expect(text()).toContain('This message was removed.')
    expect(text()).not.toContain('secret')
  })

  it('are possible for a quarter of an hour', () => {
    mine(1, { at: '2030-05-04T09:49:00Z' })
    expect(button('Edit')).toBeUndefined()
    mine(2, { at: '2030-05-04T09:51:00Z' })
    expect(button('Edit')).toBeDefined()
    vi.advanceTimersByTime(60_000)
    expect(button('Edit')).toBeUndefined()
  })

  it('shows that a message was erased', () => {
    says({ t: 'msg', seq: 1, kind: 'erased', sender: { kind: 'agent' }, at: '2030-05-04T10:00:00Z' })
    expect(text()).toContain('This message was erased.')
  })
})

describe('read marks', () => {
  it('tells which message of an agent was seen, once', () => {
    says({ t: 'msg', ...message(1, { sender: { kind: 'agent' } }) })
    chat.read()
    chat.read()
    mine(2)
    chat.read()
    expect(sent().filter((frame) => frame.t === 'read')).toEqual([{ t: 'read', seq: 1 }])
  })

  it('shows that the visitor’s last message was seen, until there is another', () => {
    mine(1)
    expect(find('.seen')).toBeNull()
    says({ t: 'read', conversation: 'conv', sender: { kind: 'agent', name: 'Ana' }, seq: 1 })
    expect(find('.seen').textContent).toBe('Seen')
    mine(2)
    expect(find('.seen')).toBeNull()
  })
})

describe('waiting', () => {
  it.each([
    [{ position: 2, wait_s: 180, error_s: 60 }, 'You are number 2 in the queue. Expected wait: about 3 min, give or take 1.'],
    [{ position: 2, wait_s: 100, error_s: 200 }, 'You are number 2 in the queue. Expected wait: up to 5 min.'],
    [{ position: 1, wait_s: 20, error_s: 10 }, 'You are number 1 in the queue. Expected wait: less than a minute.'],
    [{ position: 1, wait_s: 90 }, 'You are number 1 in the queue. Expected wait: about 2 min.'],
    [{ position: 3, wait_s: 0 }, 'You are number 3 in the queue.'],
  ])('%j', (queue, words) => {
    says({ t: 'state', state: 'queued', queue })
    expect(find('.queue').textContent).toBe(words)
  })

  it('out of hours says when somebody is there, and takes an address', () => {
    const hours = { open: false, opens_at: '2030-05-06T08:00:00Z', leave_message: true }
    says({ t: 'state', state: 'queued', queue: { position: 1 }, hours })
    expect(find('.queue').textContent).toMatch(/^You are number 1 in the queue. Nobody is here right now. We are back Monday.*6/)
    const form = find<HTMLFormElement>('form.rating:not([hidden])')
    expect(form.querySelector('input')!.value).toBe('kim@a.test')
    form.querySelector('textarea')!.value = 'Call me'
    form.dispatchEvent(new Event('submit', { cancelable: true }))
    expect(sent().at(-1)).toMatchObject({ t: 'leave_message', email: 'kim@a.test', body: 'Call me' })
    expect(form.hidden).toBe(true)
    mine(1, { kind: 'left_message', client_id: sent().at(-1)!.client_id, body: 'Call me', data: { email: 'kim@a.test' } })
    expect(text()).toContain('We have your address kim@a.test.')
    expect(form.hidden).toBe(true)
  })

  it('keeps what the server does not take yet as being sent', () => {
    chat.say('busy?')
    says({ t: 'error', client_id: sent().at(-1)!.client_id, code: 'unavailable', message: 'busy', retry_after_ms: 20_000 })
    expect(find('.pending').textContent).toContain('Sending…')
    vi.advanceTimersByTime(20_000)
    expect(sent().filter((frame) => frame.t === 'send')).toHaveLength(2)
  })
})

it.each([
  ['transferred', { name: 'Returns' }, 'You are being passed on to Returns.'],
  ['transferred', { group: 'Returns' }, 'You are being passed on to Returns.'],
  ['joined', { name: 'Wei' }, 'Wei has joined the conversation.'],
  ['left', { name: 'Wei' }, 'Wei has left the conversation.'],
] as const)('says that somebody %s', (kind, data, words) => {
  says({ t: 'msg', ...message(1, { kind, data, body: '', sender: { kind: 'system' } }) })
  expect(text()).toContain(words)
})
