import { pageStorage } from '@handrail/shared/outbox'
import { createI18n } from 'vue-i18n'
import { en } from './en'
import { zh } from './zh'

const KEY = 'handrail.console.lang'
export const LANGUAGES = { en: 'English', zh: '中文' } as const
export type Lang = keyof typeof LANGUAGES

function stored(): Lang {
  const chosen = pageStorage()?.getItem(KEY)
  if (chosen === 'en' || chosen === 'zh') return chosen
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** newI18n makes the translator; messages are interpreted, never compiled to code, so no 'unsafe-eval' is needed. */
export function newI18n(locale: Lang = stored()) {
  document.documentElement.lang = locale
  return createI18n({ legacy: false, locale, fallbackLocale: 'en', messages: { en, zh } })
}

/** rememberLang keeps the choice for the next visit and tells screen readers the page's language. */
export function rememberLang(lang: Lang): void {
  document.documentElement.lang = lang
  pageStorage()?.setItem(KEY, lang)
}
