import type { Calibration, CurvePoint } from '../api/evals'
import type { Point, Series } from './chart'

/** curveSeries draws which share of the answers is wrong over which share of the questions is answered. */
export function curveSeries(points: readonly CurvePoint[], name: string): Series[] {
  const sorted = [...points].sort((a, b) => a.coverage - b.coverage)
  return [{ name, colour: '#0b6b63', points: sorted.map(({ coverage, risk }) => ({ x: coverage, y: risk })) }]
}

/** recommendedPoint is the point of the curve nearest to the recommended threshold; undefined without one. */
export function recommendedPoint({ curve, recommended }: Pick<Calibration, 'curve' | 'recommended'>): Point | undefined {
  const threshold = recommended?.threshold
  if (threshold === null || threshold === undefined) return undefined
  const nearest = [...(curve ?? [])].sort((a, b) => Math.abs(a.threshold - threshold) - Math.abs(b.threshold - threshold))[0]
  return nearest && { x: nearest.coverage, y: nearest.risk }
}
