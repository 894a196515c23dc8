import type { Comparison } from '../api/intents'

type Row = NonNullable<Comparison['intents']>[number]
type Mistake = NonNullable<Comparison['confusion']>[number]

/** byChange puts the intents whose F1 moved most first: what has got worse before what has got better by as much. */
export function byChange(rows: readonly Row[]): Row[] {
  const moved = ({ a, b }: Row) => b.f1 - a.f1
  return [...rows].sort((x, y) => Math.abs(moved(y)) - Math.abs(moved(x)) || moved(x) - moved(y) || x.name.localeCompare(y.name))
}

/** byMistakes puts the pairs that are mixed up most by either version first. */
export function byMistakes(pairs: readonly Mistake[]): Mistake[] {
  return [...pairs].sort((x, y) => y.a + y.b - x.a - x.b || Math.abs(y.b - y.a) - Math.abs(x.b - x.a))
}
