import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSocket, message } from '../../shared/test/fakes'
import { useDesk } from '../src/stores/desk'
import { useSession } from '../src/stores/session'

let desk: ReturnType<typeof useDesk>
let ticket: () => Response

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', async () => ticket())
  FakeSocket.all = []
  localStorage.clear()
  sessionStorage.clear()
  ticket = () => Response.json({ ticket: 't' })
  setActivePinia(createPinia())
  desk = useDesk()
})

afterEach(() => {
  desk.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const me = { status: 'away', load: 0, capacity: 4 }
const mine = (conversation: string) => ({ conversation, state: 'human', since: '', preview: '', lang: 'en', name: '', last_seq: 1 })
const msg = (seq: number, extra = {}) => ({ t: 'msg', conversation: 'a', ...message(seq, extra) })

async function connect(): Promise<FakeSocket> {
  desk.start(7)
  await vi.advanceTimersByTimeAsync(1000)
  await flushPromises()
  FakeSocket.last.open()
  FakeSocket.last.says({ t: 'welcome', me: { id: 7, name: 'Ana', role: 'agent' }, ...me })
  return FakeSocket.last
}

async function reconnect(socket: FakeSocket): Promise<FakeSocket> {
  socket.drops()
  await vi.advanceTimersByTimeAsync(1000)
  FakeSocket.last.open()
  FakeSocket.last.says({ t: 'welcome', me: { id: 7, name: 'Ana', role: 'agent' }, ...me })
  return FakeSocket.last
}

describe('desk', () => {
  it('watches its own conversations and the one that is open, and forgets the others', async () => {
    const socket = await connect()
    desk.open('open')
    socket.says({ t: 'desk', me, waiting: [], mine: [mine('a')] })
    expect([...desk.threads.keys()]).toEqual(['open', 'a'])
    socket.says({ t: 'desk', me, waiting: [], mine: [] })
    expect([...desk.threads.keys()]).toEqual(['open'])
    desk.open('')
    expect(desk.threads.size).toBe(0)
    expect(socket.sent.filter((frame) => frame.t === 'unwatch').map((frame) => frame.conversation)).toEqual(['a', 'open'])
  })

  it('takes up again after a loss: status, watches with their cursors, unacknowledged replies', async () => {
    const first = await connect()
    desk.setStatus('online')
    first.says({ t: 'desk', me, waiting: null, mine: [mine('a')] })
    first.says(msg(1))
    desk.say('a', 'hello', 'text')
    const second = await reconnect(first)
    expect(second.sent.slice(1)).toEqual([
      { t: 'status', status: 'online' },
      { t: 'watch', conversation: 'a', cursor: 1 },
      first.sent.at(-1),
    ])
  })

  it('stays connected when the desk is opened a second time', async () => {
    const socket = await connect()
    const timers = vi.getTimerCount()
    desk.start(7)
    await vi.advanceTimersByTimeAsync(1000)
    expect(FakeSocket.all).toEqual([socket])
    expect(vi.getTimerCount()).toBe(timers)
  })

  it('asks for a gap again and shows nothing twice', async () => {
    const socket = await connect()
    desk.open('a')
    for (const seq of [1, 3]) socket.says(msg(seq))
    expect(socket.sent.at(-1)).toEqual({ t: 'watch', conversation: 'a', cursor: 1 })
    for (const seq of [2, 3, 3]) socket.says(msg(seq))
    expect(desk.threads.get('a')!.transcript.messages.map((m) => m.seq)).toEqual([1, 2, 3])
  })

  it('shows a reply as pending until it comes back', async () => {
    const socket = await connect()
    desk.open('a')
    desk.say('a', 'hello', 'text')
    const id = socket.sent.at(-1)!.client_id as string
    socket.says({ t: 'ack', conversation: 'a', client_id: id, seq: 1 })
    expect(desk.pendingOf('a')).toHaveLength(1)
    socket.says(msg(1, { client_id: id, sender: { kind: 'agent', name: 'Ana' } }))
    expect(desk.pendingOf('a')).toHaveLength(0)
  })

  it('shows offers and alerts, and answers offers', async () => {
    const socket = await connect()
    const offers = [{ conversation: 'a', expires_at: '' }]
    socket.says({ t: 'desk', me, waiting: [], mine: [], offers, alerts: [{ conversation: 'b', kind: 'waiting', level: 1 }] })
    expect([desk.offers.length, desk.alerts.length]).toEqual([1, 1])
    desk.accept('a')
    desk.decline('a')
    desk.leave('a')
    expect(socket.sent.slice(1)).toEqual([{ t: 'accept', conversation: 'a' }, { t: 'decline', conversation: 'a' }, { t: 'leave', conversation: 'a' }])
    socket.says({ t: 'desk', me, waiting: [], mine: [] })
    expect([desk.offers.length, desk.alerts.length]).toEqual([0, 0])
  })

  it('repeats a transfer until it is acknowledged', async () => {
    const first = await connect()
    desk.transfer('a', { group: 'Returns' }, 'note')
    expect(first.sent.at(-1)).toMatchObject({ t: 'transfer', conversation: 'a', group: 'Returns', note: 'note' })
    const second = await reconnect(first)
    expect(second.sent.at(-1)).toEqual(first.sent.at(-1))
    second.says({ t: 'ack', client_id: first.sent.at(-1)!.client_id, seq: 4, conversation: 'a' })
    expect((await reconnect(second)).types).toEqual(['hello'])
  })

  it('ends a transfer when the conversation is no longer the agent’s', async () => {
    const first = await connect()
    first.says({ t: 'desk', me, waiting: [], mine: [mine('a')] })
    desk.transfer('a', { agent_id: 9 }, '')
    first.says({ t: 'desk', me, waiting: [], mine: [] })
    expect((await reconnect(first)).types).toEqual(['hello'])
  })

  it('tells once on a connection how far the agent has read in a conversation of their own', async () => {
    const first = await connect()
    desk.read('a', 3)
    first.says({ t: 'desk', me, waiting: [], mine: [mine('a')] })
    for (const seq of [3, 3, 2, 4]) desk.read('a', seq)
    const marks = (socket: FakeSocket) => socket.sent.filter((frame) => frame.t === 'read').map((frame) => frame.seq)
    expect(marks(first)).toEqual([3, 4])
    const second = await reconnect(first)
    desk.read('a', 4)
    expect(marks(second)).toEqual([4])
  })

  it('knows how far the visitor has read', async () => {
    const socket = await connect()
    desk.open('a')
    socket.says({ t: 'state', conversation: 'a', state: 'human', read: 2 })
    socket.says({ t: 'read', conversation: 'a', sender: { kind: 'visitor' }, seq: 5 })
    socket.says({ t: 'state', conversation: 'a', state: 'human' })
    expect(desk.threads.get('a')!.readUpTo).toBe(5)
  })

  it('reports what the server refused', async () => {
    const socket = await connect()
    desk.finish('a', 'close')
    socket.says({ t: 'error', client_id: socket.sent.at(-1)!.client_id, code: 'conflict', message: 'not yours any more' })
    expect(desk.trouble?.message).toBe('not yours any more')
  })

  it('counts what the visitor wrote since the agent looked', async () => {
    const socket = await connect()
    desk.open('a')
    socket.says(msg(1, { sender: { kind: 'visitor' } }))
    socket.says(msg(2))
    socket.says(msg(3, { sender: { kind: 'visitor' } }))
    expect(desk.threads.get('a')!.visitorTextsAfter(1)).toBe(1)
  })

  it('does not hand the status of one agent to the next on the same page', async () => {
    await connect()
    desk.setStatus('online')
    desk.stop()
    expect((await connect()).types).toEqual(['hello'])
  })

  it('leads to the login page when the session is over', async () => {
    const session = useSession()
    session.me = { id: 7, name: 'Ana', email: '', role: 'agent' }
    ticket = () => Response.json({ detail: 'sign in' }, { status: 401 })
    desk.start(7)
    await vi.advanceTimersByTimeAsync(100)
    expect(session.me).toBeNull()
    expect(desk.linkState).toBe('off')
  })
})
