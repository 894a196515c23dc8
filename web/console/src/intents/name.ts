import { useI18n } from 'vue-i18n'

/** useIntentName returns a function that names an intent; "" and "oos" stand for a message outside of all subjects. */
export function useIntentName(): (name: string) => string {
  const { t } = useI18n()
  return (name) => (name === '' || name === 'oos' ? t('intents.outOfScope') : name)
}
