import { onScopeDispose, watch } from 'vue'

/** usePoll calls `act` again and again, a pause after each end, as long as `wanted` and the page is in sight. */
export function usePoll(wanted: () => boolean, act: () => Promise<void>, pauseMs: number): void {
  let timer: ReturnType<typeof setTimeout> | undefined

  function next(): void {
    clearTimeout(timer)
    if (wanted()) timer = setTimeout(() => void turn(), pauseMs)
  }

  async function turn(): Promise<void> {
    if (!document.hidden) await act()
    next()
  }

  watch(wanted, next, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    wanted = () => false
  })
}
