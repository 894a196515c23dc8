import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Link, type LinkState, Refused } from '../src/link'
import { FakeSocket } from './fakes'

let states: LinkState[]
let frames: { t: string }[]
let tickets: number
let ticket: () => Promise<{ url: string; ticket: string }>
let link: Link<{ t: string }>
let signIns: number
let refusals: Refused[]

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
  states = []
  frames = []
  refusals = []
  tickets = signIns = 0
  ticket = async () => ({ url: 'ws://server/ws', ticket: `t${++tickets}` })
  link = new Link({
    ticket: () => ticket(),
    hello: () => ({ t: 'hello' }),
    frame: (frame) => frames.push(frame),
    state: (state) => states.push(state),
    signIn: () => signIns++,
    refused: (reason) => refusals.push(reason),
    random: () => 0.5,
  })
})

afterEach(() => {
  link.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function up(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.last.open()
  FakeSocket.last.says({ t: 'welcome' })
  return FakeSocket.last
}

describe('Link', () => {
  it('offers the protocol and its ticket, says hello, and is up after the welcome', async () => {
    link.start()
    const socket = await up()
    expect(socket.protocols).toEqual(['handrail.v1', 'ticket.t1'])
    expect(socket.types).toEqual(['hello'])
    expect(states).toEqual(['connecting', 'up'])
  })

  it('sends nothing before the welcome', async () => {
    link.start()
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.last.open()
    expect(link.send({ t: 'send' })).toBe(false)
  })

  it('comes back with a new ticket, soon at first and slower each time', async () => {
    link.start()
    const first = await up()
    first.drops()
    await vi.advanceTimersByTimeAsync(250)
    expect(FakeSocket.last.protocols[1]).toBe('ticket.t2')
    FakeSocket.last.drops()
    await vi.advanceTimersByTimeAsync(499)
    expect(FakeSocket.all).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(FakeSocket.all).toHaveLength(3)
  })

  it('starts the pauses over after a welcome', async () => {
    link.start()
    for (let i = 0; i < 4; i++) {
      const socket = await up()
      socket.drops()
      await vi.advanceTimersByTimeAsync(250)
    }
    expect(FakeSocket.all).toHaveLength(5)
  })

  it('keeps trying while the server is away', async () => {
    const good = ticket
    ticket = () => Promise.reject(new Error('connection refused'))
    link.start()
    await vi.advanceTimersByTimeAsync(120_000)
    ticket = good
    await vi.advanceTimersByTimeAsync(30_000)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('stops when the ticket is refused', async () => {
    ticket = () => Promise.reject(new Refused('unknown key'))
    link.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(refusals.map((reason) => reason.message)).toEqual(['unknown key'])
    expect(link.state).toBe('off')
  })

  it('says so when the server wants a new session', async () => {
    link.start()
    ;(await up()).drops(4401)
    expect(signIns).toBe(1)
    await vi.advanceTimersByTimeAsync(250)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('ignores a connection it has given up', async () => {
    link.start()
    const old = await up()
    link.restart()
    await vi.advanceTimersByTimeAsync(500)
    old.says({ t: 'msg' })
    old.drops()
    expect(old.closed).toBe(true)
    expect(frames.map((frame) => frame.t)).toEqual(['welcome'])
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('gives up a connection without a welcome', async () => {
    link.start()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(FakeSocket.all[0]!.closed).toBe(true)
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('does not wait when the network comes back', async () => {
    link.start()
    ;(await up()).drops()
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.all).toHaveLength(2)
  })
})

describe('Link without WebSockets', () => {
  let polls: { body: { ticket?: string; session?: string; frames: { t: string }[]; got: number; wait_s: number }; answer: (frames: object[], status?: number, upTo?: number) => void }[]
  let upTo: number

  beforeEach(() => {
    polls = []
    upTo = 0
    vi.stubGlobal('fetch', (_url: string, init: RequestInit) =>
      new Promise<Response>((resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(new Error('aborted')))
        const answer = (frames: object[], status = 200, last = (upTo += frames.length)) =>
          resolve(Response.json({ session: frames.length ? 's' : '', frames, up_to: last }, { status }))
        polls.push({ body: JSON.parse(init.body as string), answer })
      }),
    )
    ticket = async () => ({ url: 'ws://server/ws', ticket: `t${++tickets}`, poll: '/poll' })
  })

  async function fallBack(): Promise<void> {
    link.start()
    for (const pause of [250, 500]) {
      await vi.advanceTimersByTimeAsync(0)
      FakeSocket.last.drops()
      await vi.advanceTimersByTimeAsync(pause)
    }
  }

  async function pollUp(): Promise<void> {
    await fallBack()
    polls[0]!.answer([{ t: 'welcome' }])
    await vi.advanceTimersByTimeAsync(0)
  }

  it('polls after two that never came up, with the same hello', async () => {
    await fallBack()
    expect(FakeSocket.all).toHaveLength(2)
    expect(polls[0]!.body).toEqual({ ticket: 't3', got: 0, frames: [{ t: 'hello' }], wait_s: 0 })
    polls[0]!.answer([{ t: 'welcome' }])
    await vi.advanceTimersByTimeAsync(0)
    expect(link.state).toBe('up')
    expect(polls[1]!.body).toEqual({ session: 's', got: 1, frames: [], wait_s: 25 })
  })

  it('does not count a connection that had worked', async () => {
    link.start()
    for (let i = 0; i < 3; i++) {
      ;(await up()).drops()
      await vi.advanceTimersByTimeAsync(250)
    }
    expect(polls).toHaveLength(0)
  })

  it('sends beside the request that is held open, one at a time and in order', async () => {
    await pollUp()
    for (const t of ['a', 'b', 'c']) link.send({ t })
    await vi.advanceTimersByTimeAsync(0)
    expect(polls[2]!.body).toMatchObject({ session: 's', frames: [{ t: 'a' }], wait_s: 0 })
    expect(polls).toHaveLength(3)
    polls[2]!.answer([{ t: 'ack' }])
    await vi.advanceTimersByTimeAsync(0)
    expect(polls[3]!.body.frames).toEqual([{ t: 'b' }, { t: 'c' }])
    expect(frames.map((frame) => frame.t)).toEqual(['welcome', 'ack'])
  })

  it('shows once what two answers carry', async () => {
    await pollUp()
    link.send({ t: 'a' })
    await vi.advanceTimersByTimeAsync(0)
    polls[1]!.answer([{ t: 'x' }, { t: 'y' }], 200, 3)
    await vi.advanceTimersByTimeAsync(0)
    polls[2]!.answer([{ t: 'x' }, { t: 'y' }, { t: 'z' }], 200, 4)
    await vi.advanceTimersByTimeAsync(0)
    expect(frames.map((frame) => frame.t)).toEqual(['welcome', 'x', 'y', 'z'])
    expect(polls[3]!.body.got).toBe(3)
  })

  it('takes a new ticket when the session is over', async () => {
    await pollUp()
    polls[1]!.answer([], 401)
    await vi.advanceTimersByTimeAsync(250)
    expect(signIns).toBe(1)
    expect(polls[2]!.body.ticket).toBe('t4')
  })

  it('gives up a request that is never answered', async () => {
    await pollUp()
    await vi.advanceTimersByTimeAsync(35_000)
    expect(link.state).toBe('waiting')
  })

  it('moves over to a WebSocket when one opens later', async () => {
    await pollUp()
    await vi.advanceTimersByTimeAsync(30_000)
    polls[1]!.answer([])
    for (let i = 2; i < 9; i++) {
      await vi.advanceTimersByTimeAsync(24_000)
      polls[i]?.answer([])
    }
    expect(FakeSocket.all).toHaveLength(3)
    const asked = polls.length
    FakeSocket.last.open()
    expect(FakeSocket.last.types).toEqual(['hello'])
    link.send({ t: 'x' })
    expect(FakeSocket.last.types).toEqual(['hello', 'x'])
    FakeSocket.last.says({ t: 'welcome' })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(polls).toHaveLength(asked)
    expect(states.slice(-2)).toEqual(['connecting', 'up'])
  })

  it('tries both ways in turn while neither works', async () => {
    await fallBack()
    polls[0]!.answer([], 502)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSocket.all).toHaveLength(3)
  })
})
