import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Courier } from '../src/courier'
import { Outbox, type Outgoing } from '../src/outbox'

let online: boolean
let sent: string[]
let restarts: number
let rejected: string[]
let courier: Courier<Outgoing>

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  online = true
  sent = []
  rejected = []
  restarts = 0
  const wire = {
    send: (frame: object) => online && sent.push((frame as Outgoing).client_id) > 0,
    restart: () => restarts++,
  }
  courier = new Courier(new Outbox<Outgoing>(localStorage, 'k.'), wire, (frame, reason) => rejected.push(frame.client_id + reason.code))
})

afterEach(() => {
  courier.stop()
  vi.useRealTimers()
})

const text = (client_id: string) => ({ t: 'send', client_id })
const unseen = () => courier.unseen.map((frame) => frame.client_id)

describe('Courier', () => {
  it('repeats the same frame after a lost ack, and not after an ack', () => {
    courier.post(text('a'))
    courier.flush()
    courier.ack({ client_id: 'a' })
    courier.flush()
    expect(sent).toEqual(['a', 'a'])
  })

  it('sends what was written without a connection, in order', () => {
    online = false
    courier.post(text('a'))
    courier.post(text('b'))
    online = true
    courier.flush()
    expect(sent).toEqual(['a', 'b'])
  })

  it('takes the message itself as proof when the ack is lost', () => {
    courier.post(text('a'))
    courier.echo({ client_id: 'a' })
    courier.flush()
    expect(sent).toEqual(['a'])
    expect(unseen()).toEqual([])
  })

  it('keeps an acknowledged text in sight until its message arrives, in either order', () => {
    courier.post(text('a'))
    courier.ack({ client_id: 'a' })
    expect(unseen()).toEqual(['a'])
    courier.echo({ client_id: 'a' })
    expect(unseen()).toEqual([])
    courier.post(text('b'))
    courier.echo({ client_id: 'b' })
    courier.ack({ client_id: 'b' })
    expect(unseen()).toEqual([])
  })

  it('gives up a connection that never answers', () => {
    courier.post(text('a'))
    vi.advanceTimersByTime(9_999)
    expect(restarts).toBe(0)
    vi.advanceTimersByTime(1)
    expect(restarts).toBe(1)
  })

  it('leaves a quiet connection alone when nothing is owed', () => {
    courier.post(text('a'))
    courier.ack({ client_id: 'a' })
    vi.advanceTimersByTime(60_000)
    expect(restarts).toBe(0)
  })

  it('waits and repeats when the server is busy', () => {
    courier.post(text('a'))
    courier.error({ t: 'error', client_id: 'a', code: 'rate_limited', message: '', retry_after_ms: 700 })
    vi.advanceTimersByTime(699)
    expect(sent).toEqual(['a'])
    vi.advanceTimersByTime(1)
    expect(sent).toEqual(['a', 'a'])
  })

  it('asked to wait, neither sends later texts first nor takes the silence for a loss', () => {
    courier.post(text('a'))
    courier.error({ t: 'error', client_id: 'a', code: 'unavailable', message: '', retry_after_ms: 15_000 })
    courier.post(text('b'))
    courier.flush()
    vi.advanceTimersByTime(14_999)
    expect(sent).toEqual(['a'])
    expect(restarts).toBe(0)
    expect(unseen()).toEqual(['a', 'b'])
    vi.advanceTimersByTime(1)
    expect(sent).toEqual(['a', 'a', 'b'])
  })

  it('gives back what the server refuses', () => {
    courier.post(text('a'))
    courier.error({ t: 'error', client_id: 'a', code: 'conflict', message: 'no' })
    courier.flush()
    expect(rejected).toEqual(['aconflict'])
    expect(sent).toEqual(['a'])
  })

  it('forgets a wish that has come true', () => {
    courier.post({ t: 'person', client_id: 'p' })
    courier.fulfilled('person')
    courier.flush()
    expect(sent).toEqual(['p'])
  })
})
