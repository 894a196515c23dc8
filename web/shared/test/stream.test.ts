import { expect, it } from 'vitest'
import { Stream } from '../src/stream'

it('joins pieces at code point offsets', () => {
  const stream = new Stream()
  stream.push({ t: 'delta', turn: 1, offset: 0, text: '退货 👍' })
  stream.push({ t: 'delta', turn: 1, offset: 4, text: ' 可以' })
  expect(stream.text).toBe('退货 👍 可以')
})

it('repeats nothing that arrives twice and drops what starts beyond a loss', () => {
  const stream = new Stream()
  stream.push({ t: 'delta', turn: 1, offset: 0, text: 'abc' })
  stream.push({ t: 'delta', turn: 1, offset: 1, text: 'bc' })
  stream.push({ t: 'delta', turn: 1, offset: 9, text: 'lost' })
  expect(stream.text).toBe('abc')
})

it('starts over at offset 0 and with another turn', () => {
  const stream = new Stream()
  stream.push({ t: 'delta', turn: 1, offset: 0, text: 'first' })
  stream.push({ t: 'delta', turn: 1, offset: 0, text: 'again' })
  expect(stream.text).toBe('again')
  stream.push({ t: 'delta', turn: 2, offset: 0, text: 'next' })
  expect(stream.text).toBe('next')
})
