import { useI18n } from 'vue-i18n'
import { useDoing } from './doing'
import { useLoad } from './load'

/** useSetting loads what a page of the settings shows, and loads it again after every change that succeeded. */
export function useSetting<T>(fetch: () => Promise<T>) {
  const { t } = useI18n()
  const loading = useLoad(fetch)
  const { busy, done, doing } = useDoing()
  void loading.load()

  /** change runs one change and says whether it succeeded. */
  async function change(act: () => Promise<unknown>, success = t('settings.saved')): Promise<boolean> {
    if (!(await doing(act, success))) return false
    await loading.load()
    return true
  }

  return { ...loading, busy, done, change }
}
