import { addPagesTexts, type Translator } from '../pages'
import { intentsEn } from './en'
import { intentsZh } from './zh'

/** addIntentsTexts teaches the translator the words of the pages of the intents, which are loaded with those pages. */
export function addIntentsTexts(i18n: Translator): void {
  addPagesTexts(i18n)
  i18n.mergeLocaleMessage('en', { intents: intentsEn })
  i18n.mergeLocaleMessage('zh', { intents: intentsZh })
}
