import { onScopeDispose, ref, shallowRef } from 'vue'
import { useExplanation } from '../failure'

/** useLoad keeps the last answer of `fetch`: while it is asked again, and when that fails. Late answers are dropped. */
export function useLoad<T>(fetch: () => Promise<T>) {
  const data = shallowRef<T | null>(null)
  const failure = ref('')
  const loading = ref(false)
  const explain = useExplanation()
  let asked = 0

  async function load(): Promise<void> {
    const turn = ++asked
    loading.value = true
    try {
      const found = await fetch()
      if (turn !== asked) return
      data.value = found
      failure.value = ''
    } catch (error) {
      if (turn === asked) failure.value = explain(error)
    } finally {
      if (turn === asked) loading.value = false
    }
  }

  /** clear forgets the answer, and any that is still on its way. */
  function clear(): void {
    asked++
    data.value = null
    failure.value = ''
    loading.value = false
  }

  onScopeDispose(() => asked++)
  return { data, failure, loading, load, clear }
}
