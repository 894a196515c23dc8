import { addPagesTexts, type Translator } from '../pages'
import { knowledgeEn } from './en'
import { knowledgeZh } from './zh'

/** addKnowledgeTexts teaches the translator the words of the knowledge pages, which are loaded with those pages. */
export function addKnowledgeTexts(i18n: Translator): void {
  addPagesTexts(i18n)
  i18n.mergeLocaleMessage('en', { knowledge: knowledgeEn })
  i18n.mergeLocaleMessage('zh', { knowledge: knowledgeZh })
}
