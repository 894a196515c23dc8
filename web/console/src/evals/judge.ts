import type { TurnRecord } from '../api/types'

/** judgeable says whether the turn has an answer that can be right or wrong: one that was given or withheld as unsure. */
export function judgeable({ decision, reason, withheld }: Pick<TurnRecord, 'decision' | 'reason' | 'withheld'>): boolean {
  return !!withheld || (decision === 'answer' && reason === 'confident')
}
