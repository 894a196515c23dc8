import { expect, it } from 'vitest'
import { restartDelay, retryDelay } from '../src/backoff'

it('draws from zero to a doubling bound that ends at 30 s', () => {
  const bounds = [0, 1, 2, 3, 10, 50].map((attempt) => retryDelay(attempt, () => 1))
  expect(bounds).toEqual([500, 1000, 2000, 4000, 30_000, 30_000])
  expect(retryDelay(10, () => 0)).toBe(0)
})

it('spreads the return after an announced restart', () => {
  expect(restartDelay(() => 1)).toBe(1500)
})
