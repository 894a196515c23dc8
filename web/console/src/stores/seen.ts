import { reactive, watch } from 'vue'
import { pageStorage } from '@handrail/shared/outbox'

const MOST = 500

/** useSeen remembers, on this browser, up to which entry the agent has read each conversation. */
export function useSeen(agent: number): Record<string, number> {
  const key = `handrail.console.${agent}.seen`
  const seen = reactive<Record<string, number>>(read(key))
  watch(seen, () => {
    try {
      pageStorage()?.setItem(key, JSON.stringify(Object.fromEntries(Object.entries(seen).slice(-MOST))))
    } catch {
      // Without storage the unread marks start over with the next page load.
    }
  })
  return seen
}

function read(key: string): Record<string, number> {
  try {
    return JSON.parse(pageStorage()?.getItem(key) ?? '{}') as Record<string, number>
  } catch {
    return {}
  }
}
