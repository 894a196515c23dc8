/** Segment is one share of a score. width is in percent of the bar; 0 for a share that takes away. */
export interface Segment {
  name: string
  value: number
  width: number
  colour: string
}

const COLOURS: Record<string, string> = {
  lexical: '#0b6b63',
  label: '#3f51a3',
  dense: '#8a3ffc',
  favoured: '#b3541e',
  language: '#6b6f00',
}
const OTHER = '#586567'
const LEAST = 0.0005

/**
 * segments draws the parts of a score, largest first, so that the best score of a result fills the bar. The server may
 * add kinds of parts; they are drawn like the known ones. Without parts the score is one segment.
 */
export function segments(score: number, parts: Record<string, number> | undefined, best: number): Segment[] {
  const shares = Object.entries(parts ?? {}).filter(([, value]) => Math.abs(value) >= LEAST)
  const all: [string, number][] = shares.length ? shares : [['score', score]]
  const full = Math.max(best, ...[all.reduce((sum, [, value]) => sum + Math.max(0, value), 0)])
  return all
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => ({
      name,
      value,
      width: full > 0 ? (Math.max(0, value) / full) * 100 : 0,
      colour: COLOURS[name] ?? OTHER,
    }))
}

/** likelihood puts a probability in one of three words. */
export function likelihood(probability: number): 'likely' | 'perhaps' | 'unlikely' {
  if (probability >= 2 / 3) return 'likely'
  return probability >= 1 / 3 ? 'perhaps' : 'unlikely'
}
