import type { RouteRecordRaw } from 'vue-router'

/** evalRoutes load their pages when they are first opened. They are for those who train the bot. */
export const evalRoutes: RouteRecordRaw = {
  path: '/evals',
  component: () => import('./EvalsPage.vue'),
  redirect: { name: 'evals' },
  meta: { area: 'evals', writes: true },
  children: [
    { path: 'runs', name: 'evals', component: () => import('./RunsPage.vue') },
    { path: 'runs/:id', name: 'eval-run', component: () => import('./RunPage.vue') },
    { path: 'cases', name: 'eval-cases', component: () => import('./CasesPage.vue') },
    { path: 'calibration', name: 'calibration', component: () => import('./CalibrationPage.vue') },
  ],
}
