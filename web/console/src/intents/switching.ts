import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { intents } from '../api/intents'
import { useDoing } from '../compose/doing'

/** useSwitching makes another version answer, after a question; `after` is done when it does. */
export function useSwitching(active: () => number, after: () => Promise<void>) {
  const { t } = useI18n()
  const { busy, done, doing } = useDoing()
  /** wanted is the version that was chosen and not confirmed yet; 0 for none. */
  const wanted = ref(0)
  const back = computed(() => wanted.value > 0 && wanted.value < active())

  /** question is what AskFirst asks. */
  const question = computed(() => {
    const n = wanted.value
    const label = t(back.value ? 'intents.rollBackOf' : 'intents.activateOf', { n })
    return { title: `${label}?`, text: t('intents.activateText', { n }), choices: { yes: label } }
  })

  async function confirm(): Promise<void> {
    const version = wanted.value
    wanted.value = 0
    await doing(() => intents.activate(version), t('intents.activated', { n: version }))
    await after()
  }

  return { busy, done, wanted, question, confirm }
}
