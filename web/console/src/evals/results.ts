import type { Result, RunItem } from '../api/evals'
import type { Series } from './chart'

/** TagSum counts the results with a tag. */
export interface TagSum {
  tag: string
  cases: number
  passed: number
}

/** byTag sums results up by tag, the worst first; a result without tags counts under "". */
export function byTag(results: readonly Result[]): TagSum[] {
  const sums = new Map<string, TagSum>()
  for (const { tags, pass } of results) {
    for (const tag of tags?.length ? tags : ['']) {
      const sum = sums.get(tag) ?? { tag, cases: 0, passed: 0 }
      sums.set(tag, { tag, cases: sum.cases + 1, passed: sum.passed + Number(pass) })
    }
  }
  return [...sums.values()].sort((a, b) => a.passed / a.cases - b.passed / b.cases || b.cases - a.cases || a.tag.localeCompare(b.tag))
}

/** regressed says whether one of the sentences about regressions is about the case. */
export function regressed({ id }: Pick<Result, 'id'>, regressions: readonly string[]): boolean {
  return regressions.some((sentence) => sentence.startsWith(`case ${id} `) || sentence === id)
}

const COLOURS = { pass: '#0b6b63', wrong_answers: '#b3261e' } as const
type Traced = keyof typeof COLOURS

/** trend draws what passed, and which answers were wrong, over the finished runs of one suite, oldest first. */
export function trend(runs: readonly RunItem[], names: Record<Traced, string>): Series[] {
  const finished = runs.filter(({ state }) => state === 'done').reverse()
  const all = (Object.keys(COLOURS) as Traced[]).map((metric) => ({
    name: names[metric],
    colour: COLOURS[metric],
    dashed: metric === 'wrong_answers',
    points: finished.flatMap(({ metrics }, x) => {
      const y = metrics?.[metric]
      return y === undefined ? [] : [{ x, y }]
    }),
  }))
  return all.filter(({ points }) => points.length > 0)
}
