const FIRST_MS = 500
const CAP_MS = 30_000
const RESTART_SPREAD_MS = 1_500

/**
 * retryDelay is the pause in milliseconds before reconnecting for the nth time (n from 0). It is drawn evenly from
 * zero to a bound that doubles up to 30 s, so that many pages that lost the same server do not return together.
 */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(CAP_MS, FIRST_MS * 2 ** attempt)
}

/** restartDelay is the pause after the server announced its own restart: all its pages were told at one moment. */
export function restartDelay(random: () => number = Math.random): number {
  return random() * RESTART_SPREAD_MS
}
