import { ElMessage } from 'element-plus'
import { useI18n } from 'vue-i18n'
import { ApiError } from './api/client'
import { useSession } from './stores/session'

/** useExplanation returns a function that puts a failure in words; of an ended session it says nothing, see useFailure. */
export function useExplanation(): (error: unknown) => string {
  const { t } = useI18n()
  const session = useSession()
  return (error) => {
    if (!(error instanceof ApiError && error.status === 401)) return explain(error, t)
    session.expired()
    return ''
  }
}

/** useFailure returns a function that tells the agent what went wrong; an ended session leads to the login page. */
export function useFailure(): (error: unknown) => void {
  const explanation = useExplanation()
  return (error) => {
    const message = explanation(error)
    if (message) ElMessage.error({ message, grouping: true, showClose: true })
  }
}

function explain(error: unknown, t: (key: string, values?: Record<string, string>) => string): string {
  if (error instanceof ApiError && error.status === 0) return t('error.offline')
  return t('error.failed', { reason: error instanceof Error ? error.message : String(error) })
}
