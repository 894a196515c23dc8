import type { RouteRecordRaw } from 'vue-router'

/** intentRoutes load their pages when they are first opened. They are for those who train the bot. */
export const intentRoutes: RouteRecordRaw = {
  path: '/intents',
  component: () => import('./IntentsPage.vue'),
  redirect: { name: 'intents' },
  meta: { area: 'intents', writes: true },
  children: [
    { path: 'versions', name: 'intents', component: () => import('./VersionsPage.vue') },
    { path: 'compare', name: 'intents-compare', component: () => import('./ComparePage.vue') },
    { path: 'train', name: 'intents-train', component: () => import('./TrainPage.vue') },
    { path: 'try', name: 'intents-try', component: () => import('./TryPage.vue') },
    { path: 'suggestions', name: 'intents-suggestions', component: () => import('./SuggestionsPage.vue') },
  ],
}
