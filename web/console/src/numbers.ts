/** share writes a share of 1 as percent with at most one decimal; a dash for one that is not known. */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${Math.round(value * 1000) / 10} %`
}

/** change writes the difference of two shares with its sign, in points of percent. */
export function change(from: number, to: number): string {
  const points = Math.round((to - from) * 1000) / 10
  if (points === 0) return '±0'
  return `${points > 0 ? '+' : '−'}${Math.abs(points)}`
}

/** figure writes a number with at most three decimals; a dash for one that is not known. */
export function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Number(value.toFixed(3)))
}
