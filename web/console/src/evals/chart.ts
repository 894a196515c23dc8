/** Point of a chart in the units of its axes. */
export interface Point {
  x: number
  y: number
}

/** Series is one line of a chart. */
export interface Series {
  name: string
  colour: string
  points: Point[]
  dashed?: boolean
}

/** Box is the area of the drawing within the axes; the origin is at its lower left. */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** place puts a point into the box; both axes begin at 0 and end at the greatest value. */
export function place({ x, y }: Point, most: Point, box: Box): Point {
  return {
    x: box.left + (most.x > 0 ? Math.min(1, x / most.x) : 0) * box.width,
    y: box.top + (1 - (most.y > 0 ? Math.min(1, Math.max(0, y / most.y)) : 0)) * box.height,
  }
}

/** line is the path of an SVG through the points. */
export function line(points: readonly Point[], most: Point, box: Box): string {
  return points
    .map((one) => place(one, most, box))
    .map(({ x, y }, i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('')
}

const STEPS = [0.05, 0.1, 0.2, 0.25, 0.5, 1]

/** reach is the end of an axis of shares that has room for the values: a round one, at most 1. */
export function reach(values: readonly number[]): number {
  const greatest = Math.max(0, ...values)
  return STEPS.find((step) => step >= greatest) ?? 1
}

/** ticks are the ends and the quarters of an axis. */
export function ticks(most: number): number[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => part * most)
}
