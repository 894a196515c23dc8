import type { Composer } from 'vue-i18n'
import { knowledgeEn } from './en'
import { knowledgeZh } from './zh'

/** addKnowledgeTexts teaches the translator the words of the knowledge pages, which are loaded with those pages. */
export function addKnowledgeTexts(i18n: Pick<Composer, 'mergeLocaleMessage'>): void {
  i18n.mergeLocaleMessage('en', { knowledge: knowledgeEn })
  i18n.mergeLocaleMessage('zh', { knowledge: knowledgeZh })
}
