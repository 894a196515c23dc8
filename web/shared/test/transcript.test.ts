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

  it('lets the answer to a resumption leave out entries that are not for this reader', () => {
    const transcript = new Transcript()
    transcript.offer(message(1))
    expect(transcript.offer(message(3), true)).toBe('shown')
    expect(transcript.cursor).toBe(3)
  })
})
