import { createRouter, createWebHistory } from 'vue-router'
import DeskPage from './pages/DeskPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { evalRoutes } from './pages/evals/routes'
import { intentRoutes } from './pages/intents/routes'
import { knowledgeRoutes } from './pages/knowledge/routes'
import { settingsRoutes } from './pages/settings/routes'
import { mayReadConversations, maySetUpDesk, mayWriteKnowledge } from './roles'
import { useSession } from './stores/session'

const RENEWED_KEY = 'handrail.console.renewed'
const RENEW_AT_MOST_EVERY_MS = 10_000

/**
 * renew loads the whole page anew: after an update of the server, the parts that an older page would load are gone. While
 * the server is away the page stays as it is, and so does what is written on it.
 */
async function renew(address: string): Promise<void> {
  if (Date.now() - Number(sessionStorage.getItem(RENEWED_KEY)) < RENEW_AT_MOST_EVERY_MS) return
  await fetch('/livez').then(
    () => {
      sessionStorage.setItem(RENEWED_KEY, String(Date.now()))
      location.assign(address)
    },
    () => undefined,
  )
}

export function newRouter() {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      { path: '/login', name: 'login', component: LoginPage },
      knowledgeRoutes,
      intentRoutes,
      evalRoutes,
      settingsRoutes,
      { path: '/:conversation?', name: 'desk', component: DeskPage },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.beforeEach(async (to) => {
    // If the server is away at the first look, the login page says so when the agent signs in.
    const me = await useSession().load().catch(() => null)
    if (!me && to.name !== 'login') return { name: 'login', query: { next: to.fullPath } }
    if (me && to.name === 'login') return { name: 'desk' }
    // Whoever may not read conversations has nothing to do at the desk.
    if (me && to.name === 'desk' && !mayReadConversations(me)) return { name: 'sources' }
    if (me && to.meta.writes && !mayWriteKnowledge(me)) return { name: 'sources' }
    if (me && to.meta.setsUp && !maySetUpDesk(me)) return { name: 'desk' }
    return true
  })
  router.onError((_error, to) => void renew(router.resolve(to).href))
  return router
}
