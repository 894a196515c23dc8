import { computed, type ComputedRef } from 'vue'
import { mayWriteKnowledge } from '../roles'
import { useSession } from '../stores/session'

/** useWriter says whether the person signed in may change the knowledge base. */
export function useWriter(): ComputedRef<boolean> {
  const session = useSession()
  return computed(() => !!session.me && mayWriteKnowledge(session.me))
}
