import { addPagesTexts, type Translator } from '../pages'
import { evalsEn } from './en'
import { evalsZh } from './zh'

/** addEvalsTexts teaches the translator the words of the pages of the evals, which are loaded with those pages. */
export function addEvalsTexts(i18n: Translator): void {
  addPagesTexts(i18n)
  i18n.mergeLocaleMessage('en', { evals: evalsEn })
  i18n.mergeLocaleMessage('zh', { evals: evalsZh })
}
