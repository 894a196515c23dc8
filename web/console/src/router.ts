import { createRouter, createWebHistory } from 'vue-router'
import DeskPage from './pages/DeskPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { useSession } from './stores/session'

export function newRouter() {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes: [
      { path: '/login', name: 'login', component: LoginPage },
      { path: '/:conversation?', name: 'desk', component: DeskPage },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.beforeEach(async (to) => {
    // If the server is away at the first look, the login page says so when the agent signs in.
    const me = await useSession().load().catch(() => null)
    if (!me && to.name !== 'login') return { name: 'login', query: { next: to.fullPath } }
    if (me && to.name === 'login') return { name: 'desk' }
    return true
  })
  return router
}
