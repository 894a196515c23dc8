import { Uploads, type Upload } from '@handrail/shared/uploads'
import { computed, onScopeDispose, shallowReactive, type ComputedRef } from 'vue'

export interface UploadsOfPage {
  items: ComputedRef<Upload[]>
  add(file: File): void
  again(id: string): void
  remove(id: string): void
}

/**
 * useUploads stores an agent's files and tells when one may be sent. A file belongs to the conversation in which it was
 * attached, whichever is in sight when it has arrived.
 */
export function useUploads(conversation: () => string, stored: (conversation: string, attachment: string) => void): UploadsOfPage {
  const known = new Map<string, Uploads>()
  const shown = shallowReactive<Record<string, Upload[]>>({})

  function of(id: string): Uploads {
    const uploads: Uploads =
      known.get(id) ??
      new Uploads(
        () => ({ url: '/api/v1/attachments', conversation: id }),
        () => (shown[id] = uploads.items),
        ({ attachment }) => stored(id, attachment),
      )
    known.set(id, uploads)
    return uploads
  }

  const current = () => of(conversation())
  onScopeDispose(() => known.forEach((uploads) => uploads.items.forEach(({ id }) => uploads.remove(id))))
  return {
    items: computed(() => shown[conversation()] ?? []),
    add: (file) => current().add(file),
    again: (id) => current().again(id),
    remove: (id) => current().remove(id),
  }
}
