import { useI18n } from 'vue-i18n'

/** useReasons puts the reason of a handoff in words; one that the console does not know is shown as it is. */
export function useReasons(): (key: string) => string {
  const { t, te } = useI18n()
  return (key) => (te(`reason.${key}`) ? t(`reason.${key}`) : key)
}
