import { createRouter, createWebHistory } from 'vue-router'
import DeskPage from './pages/DeskPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { knowledgeRoutes } from './pages/knowledge/routes'
import { mayReadConversations } from './roles'
import { useSession } from './stores/session'

export function newRouter() {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      { path: '/login', name: 'login', component: LoginPage },
      knowledgeRoutes,
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
    return true
  })
  return router
}
