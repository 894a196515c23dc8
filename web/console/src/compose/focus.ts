import { nextTick, watch, type Ref } from 'vue'

/** useFocusBack puts the focus on the first button of the card when its editor closes, which had the focus until then. */
export function useFocusBack(card: Ref<HTMLElement | undefined>, editing: () => boolean): void {
  watch(editing, async (now) => {
    if (now) return
    await nextTick()
    card.value?.querySelector<HTMLElement>('.actions button')?.focus()
  })
}
