import { describe, expect, it } from 'vitest'
import { Transcript } from '../src/transcript'
import { message } from './fakes'

function take(...seqs: number[]): { verdicts: string[]; shown: number[] } {
  const transcript = new Transcript()
  const verdicts = seqs.map((seq) => transcript.offer(message(seq)))
  return { verdicts, shown: transcript.messages.map((m) => m.seq) }
}

describe('Transcript', () => {
  it('shows entries in order', () => {
    expect(take(1, 2, 3)).toEqual({ verdicts: ['shown', 'shown', 'shown'], shown: [1, 2, 3] })
  })

  it('ignores what it has shown', () => {
    expect(take(1, 2, 2, 1, 3)).toEqual({ verdicts: ['shown', 'shown', 'old', 'old', 'shown'], shown: [1, 2, 3] })
  })

  it('refuses to jump over a gap, and takes the missing entries when they come', () => {
    expect(take(1, 3, 2, 3)).toEqual({ verdicts: ['shown', 'gap', 'shown', 'shown'], shown: [1, 2, 3] })
  })

  it('gives an edited entry its new words, and takes those of a removed one away', () => {
    const transcript = new Transcript()
    const edit = (seq: number, target: number, extra = {}) => message(seq, { kind: 'edit', body: 'new', data: { seq: target, ...extra } })
    for (const one of [message(1), message(2), edit(3, 1), edit(4, 2, { removed: true }), edit(5, 9)]) transcript.offer(one)
    expect(transcript.messages.slice(0, 2).map(({ seq, body, revised }) => [seq, body, revised])).toEqual([
      [1, 'new', 'edited'],
      [2, '', 'removed'],
    ])
    expect(transcript.cursor).toBe(5)
  })

  it('lets the answer to a resumption leave out entries that are not for this reader', () => {
    const transcript = new Transcript()
    transcript.offer(message(1))
    expect(transcript.offer(message(3), true)).toBe('shown')
    expect(transcript.cursor).toBe(3)
  })
})
