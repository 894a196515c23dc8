import type { RouteRecordRaw } from 'vue-router'

/** settingsRoutes load their pages when they are first opened. They are for those who set up the desk. */
export const settingsRoutes: RouteRecordRaw = {
  path: '/settings',
  component: () => import('./SettingsPage.vue'),
  redirect: { name: 'settings' },
  meta: { area: 'settings', setsUp: true },
  children: [
    { path: 'groups', name: 'settings', component: () => import('./GroupsPage.vue') },
    { path: 'agents', name: 'agents', component: () => import('./AgentsPage.vue') },
    { path: 'routing', name: 'routing', component: () => import('./RoutingPage.vue') },
    { path: 'routing/edit/:version?', name: 'routing-edit', component: () => import('./RulesPage.vue') },
    { path: 'hours', name: 'hours', component: () => import('./HoursPage.vue') },
    { path: 'sla', name: 'sla', component: () => import('./SlaPage.vue') },
    { path: 'webhooks', name: 'webhooks', component: () => import('./WebhooksPage.vue') },
  ],
}
