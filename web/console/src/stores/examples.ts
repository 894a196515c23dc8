import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Format } from '../api/intents'

/** useExamples keeps what is to be trained while its author looks at other pages: a file, or labelled suggestions. */
export const useExamples = defineStore('examples', () => {
  const format = ref<Format>('yaml')
  const text = ref('')
  const note = ref('')

  function put(next: Format, words: string): void {
    format.value = next
    text.value = words
  }

  return { format, text, note, put }
})
