import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { defineComponent, h, type Component } from 'vue'
import { createMemoryHistory, createRouter, RouterView } from 'vue-router'
import type { Role } from '../src/api/types'
import { newI18n } from '../src/i18n'
import { addEvalsTexts } from '../src/i18n/evals'
import { addIntentsTexts } from '../src/i18n/intents'
import { addKnowledgeTexts } from '../src/i18n/knowledge'
import { addSettingsTexts } from '../src/i18n/settings'
import { evalRoutes } from '../src/pages/evals/routes'
import { intentRoutes } from '../src/pages/intents/routes'
import { knowledgeRoutes } from '../src/pages/knowledge/routes'
import { settingsRoutes } from '../src/pages/settings/routes'
import { useSession } from '../src/stores/session'

function plugins() {
  const pinia = createPinia()
  setActivePinia(pinia)
  const i18n = newI18n('en')
  for (const add of [addKnowledgeTexts, addIntentsTexts, addEvalsTexts, addSettingsTexts]) add(i18n.global)
  return { pinia, i18n }
}

/** names are the routes that links lead to; what they show is not part of the test. */
function paths() {
  const nothing = defineComponent({ render: () => null })
  return [
    { path: '/desk/:conversation?', name: 'desk', component: nothing },
    ...[knowledgeRoutes, intentRoutes, evalRoutes, settingsRoutes].flatMap(({ children }) =>
      children!.map(({ path, name }) => ({ path: `/${path}`, name: name!, component: nothing as Component })),
    ),
  ]
}

/** show mounts a component in English, attached to the page so that focus works. */
export function show<P extends object>(component: Component, props: P) {
  const { pinia, i18n } = plugins()
  return mount(component, { props: props as never, attachTo: document.body, global: { plugins: [pinia, i18n] } })
}

/** visit mounts a page at its address for somebody signed in with the role, and waits for what it loads. */
export async function visit(page: Component, address: string, role: Role = 'knowledge_manager') {
  const { pinia, i18n } = plugins()
  useSession().me = { id: 1, name: 'Kim', email: '', role }
  const at = address.split('?')[0]!
  const routes = paths().map((one) => (matches(one.path, at) ? { ...one, component: page } : one))
  const router = createRouter({ history: createMemoryHistory(), routes })
  await router.push(address)
  const root = mount({ render: () => h(RouterView) }, { attachTo: document.body, global: { plugins: [pinia, i18n, router] } })
  await flushPromises()
  return { root, router }
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/\/?:\w+\??/g, '(/[^/]+)?')}$`).test(path)
}
