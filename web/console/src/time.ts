import { onScopeDispose, ref, type Ref } from 'vue'

const TICK_MS = 15_000

/** useNow is the current time in milliseconds, renewed every quarter of a minute or as often as asked. */
export function useNow(everyMs = TICK_MS): Ref<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), everyMs)
  onScopeDispose(() => clearInterval(timer))
  return now
}

type Age = { key: 'now' | 'minutes' | 'hours' | 'days'; n: number }

/** age rounds the time since `at` down to the largest unit that is at least one. */
export function age(at: string, now: number): Age {
  const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000))
  if (minutes < 1) return { key: 'now', n: 0 }
  if (minutes < 60) return { key: 'minutes', n: minutes }
  if (minutes < 60 * 24) return { key: 'hours', n: Math.floor(minutes / 60) }
  return { key: 'days', n: Math.floor(minutes / (60 * 24)) }
}

/** until is the time that is left, negative once it is over, in the largest unit that leaves at least one. */
export function until(at: string, now: number): { over: boolean; key: 'seconds' | 'minutes' | 'hours'; n: number } {
  const seconds = Math.round((Date.parse(at) - now) / 1000)
  const length = Math.abs(seconds)
  const over = seconds < 0
  if (length < 60) return { over, key: 'seconds', n: length }
  if (length < 3600) return { over, key: 'minutes', n: Math.floor(length / 60) }
  return { over, key: 'hours', n: Math.floor(length / 3600) }
}

/** clock shows the time of today's entries and adds the date to older ones. */
export function clock(at: string, locale: string, now = new Date()): string {
  const date = new Date(at)
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(locale, time)
  return date.toLocaleString(locale, { day: 'numeric', month: 'short', ...time })
}
