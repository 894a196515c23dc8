import type { Case } from '../api/evals'

/** casesWith keeps the cases whose question, tags or sources hold every word. */
export function casesWith(cases: readonly Case[], words: string): Case[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return cases.filter(({ question, tags, sources }) => {
    const text = [question, ...(tags ?? []).map((tag) => `#${tag}`), ...(sources ?? [])].join(' ').toLocaleLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
