import { beforeEach, expect, it } from 'vitest'
import { Outbox } from '../src/outbox'

const frame = (client_id: string) => ({ t: 'send', client_id, body: client_id })
const ids = (outbox: Outbox<ReturnType<typeof frame>>) => outbox.frames.map((one) => one.client_id)

beforeEach(() => localStorage.clear())

it('keeps frames in order over a reload, until they are settled', () => {
  const before = new Outbox<ReturnType<typeof frame>>(localStorage, 'k.')
  for (const id of ['c', 'a', 'b']) before.add(frame(id), 1000)
  before.add(frame('later'), 1001)
  before.settle('a')
  const after = new Outbox<ReturnType<typeof frame>>(localStorage, 'k.')
  expect(ids(after)).toEqual(['c', 'b', 'later'])
})

it('does not overwrite what another tab keeps', () => {
  const one = new Outbox<ReturnType<typeof frame>>(localStorage, 'k.')
  const two = new Outbox<ReturnType<typeof frame>>(localStorage, 'k.')
  one.add(frame('mine'), 1)
  two.add(frame('theirs'), 2)
  expect(ids(new Outbox(localStorage, 'k.'))).toEqual(['mine', 'theirs'])
})

it('settles once', () => {
  const outbox = new Outbox<ReturnType<typeof frame>>(localStorage, 'k.')
  outbox.add(frame('a'))
  expect(outbox.settle('a')?.body).toBe('a')
  expect(outbox.settle('a')).toBeUndefined()
  expect(localStorage.length).toBe(0)
})

it('passes over foreign and broken keys', () => {
  localStorage.setItem('k.broken', '{')
  localStorage.setItem('other', '{"client_id":"x"}')
  expect(ids(new Outbox(localStorage, 'k.'))).toEqual([])
})

it('works from memory when storage is forbidden', () => {
  const refuse = () => {
    throw new Error('forbidden')
  }
  const keep = { length: 0, key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse }
  const outbox = new Outbox<ReturnType<typeof frame>>(keep, 'k.')
  outbox.add(frame('a'))
  expect(ids(outbox)).toEqual(['a'])
  expect(outbox.settle('a')).toBeDefined()
})
