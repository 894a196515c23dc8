import { computed, ref, watch, type Ref } from 'vue'

/** usePaging shows `size` of the entries at a time; a change of the entries never leaves it on a page that is gone. */
export function usePaging<T>(entries: Ref<readonly T[]>, size: number) {
  const page = ref(1)
  const pages = computed(() => Math.max(1, Math.ceil(entries.value.length / size)))
  const shown = computed(() => entries.value.slice((page.value - 1) * size, page.value * size))
  watch(pages, (most) => (page.value = Math.min(page.value, most)))

  /** reveal turns to the page with the entry at the index. */
  function reveal(index: number): void {
    page.value = Math.min(pages.value, Math.max(1, Math.floor(index / size) + 1))
  }

  return { page, pages, shown, reveal }
}
