import type { Composer } from 'vue-i18n'
import { pagesEn } from './en'
import { pagesZh } from './zh'

/** Translator is what takes more texts: they come with the pages that show them. */
export type Translator = Pick<Composer, 'mergeLocaleMessage'>

/** addPagesTexts teaches the translator what all pages besides the desk say in the same words. */
export function addPagesTexts(i18n: Translator): void {
  i18n.mergeLocaleMessage('en', { pages: pagesEn })
  i18n.mergeLocaleMessage('zh', { pages: pagesZh })
}
