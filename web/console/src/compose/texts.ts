import { useI18n } from 'vue-i18n'
import { age } from '../time'

/** useTexts is what several of the knowledge pages say in the same words. */
export function useTexts() {
  const { t, te } = useI18n()

  /** ago says how long a time is past. */
  function ago(at: string, now: number): string {
    const { key, n } = age(at, now)
    return t(`pages.ago.${key}`, { n })
  }

  /** known translates one of a set of names that the server may extend. */
  function known(set: string, name: string): string {
    const key = `${set}.${name}`
    return te(key) ? t(key) : name
  }

  function collection(name: string): string {
    return name || t('knowledge.noCollection')
  }

  return { t, ago, known, collection }
}
