import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSocket, message } from '../../shared/test/fakes'
import { Chat } from '../src/chat'
import { Session } from '../src/session'

let chat: Chat
let known: string | undefined

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', async () =>
    Response.json({ contact_token: 'c', ticket: 't', ws_path: '/ws/visitor', conversation: known, settings: { title: 'Shop' } }),
  )
  FakeSocket.all = []
  localStorage.clear()
  known = undefined
  chat = newChat()
})

afterEach(() => {
  chat.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function newChat(): Chat {
  const session = new Session({ origin: 'https://help.test', key: 'k', lang: 'en' }, localStorage)
  return new Chat(session, () => {})
}

async function connect(welcome: object = {}): Promise<FakeSocket> {
  chat.start()
  await vi.advanceTimersByTimeAsync(1000)
  FakeSocket.last.open()
  FakeSocket.last.says({ t: 'welcome', state: 'bot', last_seq: 0, can_rate: false, ...welcome })
  return FakeSocket.last
}

const visitor = (seq: number, client_id: string) => message(seq, { client_id, sender: { kind: 'visitor' } })
const shown = () => chat.transcript.messages.map((m) => m.seq)
const msg = (m: object) => ({ t: 'msg', ...m })

describe('Chat', () => {
  it('connects to the server of the script and keeps the contact', async () => {
    const socket = await connect()
    expect(socket.url).toBe('wss://help.test/ws/visitor')
    expect(localStorage.getItem('handrail.k.contact')).toBe('c')
  })

  it('shows a text as pending until its message comes back', async () => {
    const socket = await connect()
    chat.say('hello')
    const id = socket.sent[1]!.client_id as string
    socket.says({ t: 'ack', client_id: id, seq: 1, conversation: 'conv' })
    expect(chat.pending.map((frame) => frame.body)).toEqual(['hello'])
    socket.says(msg(visitor(1, id)))
    expect(chat.pending).toEqual([])
    expect(shown()).toEqual([1])
  })

  it('resumes from its cursor and repeats the unacknowledged text with the same id', async () => {
    const first = await connect()
    first.says({ t: 'ack', client_id: 'none', seq: 1, conversation: 'conv' })
    first.says(msg(message(1)))
    chat.say('lost')
    first.drops()
    known = 'conv'
    const second = await connect({ conversation: 'conv', last_seq: 1 })
    expect(second.sent[0]).toEqual({ t: 'hello', conversation: 'conv', cursor: 1 })
    expect(second.sent[1]).toEqual(first.sent[1])
    second.says(msg(visitor(2, second.sent[1]!.client_id as string)))
    expect(shown()).toEqual([1, 2])
  })

  it('keeps an unsent text over a reload of the page', async () => {
    chat.say('written offline')
    chat.stop()
    chat = newChat()
    expect(chat.pending.map((frame) => frame.body)).toEqual(['written offline'])
    const socket = await connect()
    expect(socket.types).toEqual(['hello', 'send'])
  })

  it('asks again on a gap, once, and shows nothing out of order', async () => {
    const socket = await connect({ conversation: 'conv', last_seq: 1 })
    socket.says(msg(message(1)))
    socket.says(msg(message(3)))
    socket.says(msg(message(4)))
    expect(socket.types).toEqual(['hello', 'hello'])
    expect(socket.sent[1]).toEqual({ t: 'hello', conversation: 'conv', cursor: 1 })
    expect(shown()).toEqual([1])
    socket.says({ t: 'welcome', conversation: 'conv', state: 'bot', last_seq: 4 })
    for (const seq of [2, 3, 4]) socket.says(msg(message(seq)))
    expect(shown()).toEqual([1, 2, 3, 4])
  })

  it('starts over when the server has another conversation', async () => {
    const first = await connect({ conversation: 'old', last_seq: 1 })
    first.says(msg(message(1)))
    first.drops()
    const second = await connect({ conversation: 'new', last_seq: 5 })
    expect(shown()).toEqual([])
    expect(second.sent.at(-1)).toEqual({ t: 'hello', conversation: 'new', cursor: 0 })
  })

  it('drops the growing answer when the final message is there', async () => {
    const socket = await connect({ conversation: 'conv' })
    socket.says({ t: 'delta', turn: 1, offset: 0, text: 'Two to' })
    expect(chat.stream.text).toBe('Two to')
    socket.says(msg(message(1)))
    expect(chat.stream.text).toBe('')
  })

  it('owes no answer once a person is asked for, and stops asking when queued', async () => {
    const socket = await connect({ conversation: 'conv' })
    chat.say('help')
    expect(chat.awaiting).toBe(true)
    chat.askForPerson()
    chat.askForPerson()
    expect(socket.types).toEqual(['hello', 'send', 'person'])
    socket.says({ t: 'state', state: 'queued', queue: { position: 2, wait_s: 90 } })
    expect(chat.awaiting).toBe(false)
    expect(chat.queue).toEqual({ position: 2, wait_s: 90 })
    socket.drops()
    expect((await connect({ state: 'queued' })).types).toEqual(['hello', 'send'])
  })

  it('offers the rating after the request and not again after it was given', async () => {
    const socket = await connect({ conversation: 'conv', state: 'human' })
    socket.says(msg(message(1, { kind: 'csat_request', sender: { kind: 'system' } })))
    expect(chat.canRate).toBe(true)
    chat.rate(5, '')
    expect(socket.sent.at(-1)).toMatchObject({ t: 'csat', score: 5 })
    expect(chat.canRate).toBe(false)
  })

  it('does not offer a rating that is already over when the history is shown', async () => {
    const socket = await connect({ conversation: 'conv', state: 'closed', last_seq: 2, can_rate: false })
    socket.says(msg(message(1, { kind: 'csat_request', sender: { kind: 'system' } })))
    expect(chat.canRate).toBe(false)
  })

  it('tells what the server refused and sends it again as a new message', async () => {
    const socket = await connect({ conversation: 'conv' })
    chat.say('too long')
    const id = socket.sent[1]!.client_id as string
    socket.says({ t: 'error', client_id: id, code: 'invalid', message: 'too long' })
    expect(chat.rejected?.reason).toBe('too long')
    chat.repeat()
    expect(socket.sent[2]!.client_id).not.toBe(id)
  })

  it('starts a new conversation when the stored one is unknown', async () => {
    localStorage.setItem('handrail.k.conversation', 'gone')
    chat = newChat()
    chat.start()
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.last.open()
    FakeSocket.last.says({ t: 'error', code: 'not_found', message: 'there is no conversation' })
    await vi.advanceTimersByTimeAsync(1000)
    FakeSocket.last.open()
    expect(FakeSocket.last.sent[0]).toEqual({ t: 'hello', cursor: 0 })
  })
})
