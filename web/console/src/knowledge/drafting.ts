import { useI18n } from 'vue-i18n'
import { knowledge, type Draft, type DraftEdit } from '../api/knowledge'
import { useDoing } from '../compose/doing'

/** useDrafting writes drafts and, where wanted, publishes them in one go. */
export function useDrafting() {
  const { t } = useI18n()
  const { busy, done, doing } = useDoing()

  /** ended says what has become of the draft. */
  function ended({ state }: Draft): string {
    if (state === 'published') return t('knowledge.drafts.wasPublished')
    return t(state === 'publishing' ? 'knowledge.drafts.beingPublished' : 'knowledge.drafts.saved')
  }

  async function publishIf(draft: Draft, publish: boolean): Promise<Draft> {
    return publish ? knowledge.publishDraft(draft.id) : draft
  }

  const create = (edit: DraftEdit, gap: string, publish: boolean) =>
    doing(async () => publishIf(await knowledge.createDraft(edit, gap), publish), ended)
  const update = (id: string, edit: DraftEdit, publish: boolean) =>
    doing(async () => publishIf(await knowledge.updateDraft(id, edit), publish), ended)
  const dismiss = (id: string) => doing(() => knowledge.dismissDraft(id), t('knowledge.drafts.wasDismissed'))
  const dismissGap = (key: string, days: number) => doing(() => knowledge.dismissGap(key, days), t('knowledge.gaps.dismissed'))

  return { busy, done, create, update, dismiss, dismissGap }
}
