/** lines are the lines of a text that say something. */
export function lines(text: string): string[] {
  return text.split('\n').map((one) => one.trim()).filter(Boolean)
}

const OR = ' | '

/** factsOf reads facts as people write them: one per line, with the wordings that will do apart by a bar. */
export function factsOf(text: string): string[][] {
  return lines(text).map((line) => line.split('|').map((one) => one.trim()).filter(Boolean)).filter((fact) => fact.length > 0)
}

/** factsText is what factsOf reads. */
export function factsText(facts: readonly string[][]): string {
  return facts.map((fact) => fact.join(OR)).join('\n')
}

/** tagsOf reads tags apart by commas or spaces, each once. */
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(/[,，、\s]+/).filter(Boolean))]
}
