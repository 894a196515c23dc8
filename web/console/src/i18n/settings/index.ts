import { addPagesTexts, type Translator } from '../pages'
import { settingsEn } from './en'
import { settingsZh } from './zh'

/** addSettingsTexts teaches the translator the words of the desk's settings, which are loaded with those pages. */
export function addSettingsTexts(i18n: Translator): void {
  addPagesTexts(i18n)
  i18n.mergeLocaleMessage('en', { settings: settingsEn })
  i18n.mergeLocaleMessage('zh', { settings: settingsZh })
}
