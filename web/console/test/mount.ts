import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import type { Component } from 'vue'
import { newI18n } from '../src/i18n'

/** show mounts a component in English, attached to the page so that focus works. */
export function show<P extends object>(component: Component, props: P) {
  const pinia = createPinia()
  setActivePinia(pinia)
  return mount(component, { props: props as never, attachTo: document.body, global: { plugins: [pinia, newI18n('en')] } })
}
