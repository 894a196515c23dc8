import type { RouteRecordRaw } from 'vue-router'

/** writing marks the pages that show what visitors wrote and nobody has reviewed: only for those who review it. */
const writing = { writes: true }

/** knowledgeRoutes load their pages when they are first opened: most agents never do. */
export const knowledgeRoutes: RouteRecordRaw = {
  path: '/knowledge',
  component: () => import('./KnowledgePage.vue'),
  redirect: { name: 'sources' },
  meta: { area: 'knowledge' },
  children: [
    { path: 'sources', name: 'sources', component: () => import('./SourcesPage.vue') },
    { path: 'documents', name: 'documents', component: () => import('./DocumentsPage.vue') },
    { path: 'documents/:id', name: 'document', component: () => import('./DocumentPage.vue') },
    { path: 'test', name: 'test', component: () => import('./TestPage.vue') },
    { path: 'unanswered', name: 'unanswered', component: () => import('./UnansweredPage.vue'), meta: writing },
    { path: 'drafts', name: 'drafts', component: () => import('./DraftsPage.vue'), meta: writing },
  ],
}
