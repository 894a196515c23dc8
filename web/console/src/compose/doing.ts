import { ref } from 'vue'
import { useFailure } from '../failure'

/**
 * useDoing runs one action at a time and tells how it ended: `done` is the sentence for the status line after a
 * success, a failure is shown as everywhere. The action's result is undefined when it failed or was not begun.
 */
export function useDoing() {
  const busy = ref(false)
  const done = ref('')
  const fail = useFailure()

  async function doing<T>(act: () => Promise<T>, success: string | ((result: T) => string)): Promise<{ result: T } | undefined> {
    if (busy.value) return undefined
    busy.value = true
    done.value = ''
    try {
      const result = await act()
      done.value = typeof success === 'string' ? success : success(result)
      return { result }
    } catch (error) {
      fail(error)
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { busy, done, doing }
}
