import { onScopeDispose, ref, type Ref } from 'vue'

const TICK_MS = 15_000

/** useNow is the current time in milliseconds, renewed every quarter of a minute. */
export function useNow(): Ref<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), TICK_MS)
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

/** clock shows the time of today's entries and adds the date to older ones. */
export function clock(at: string, locale: string, now = new Date()): string {
  const date = new Date(at)
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(locale, time)
  return date.toLocaleString(locale, { day: 'numeric', month: 'short', ...time })
}
