import { request } from './client'
import type { AgentItem, Group } from './desk'
import { items, type Items } from './items'

// The parts of /api/v1 that the pages of the desk's settings use. They are loaded with those pages.

export type GroupEdit = Omit<Group, 'id'>
export type AgentEdit = Required<Pick<AgentItem, 'capacity'>> & { skills: Record<string, number>; languages: string[]; groups: string[] }

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

export interface Span {
  day: Day
  /** from and to are times of day, "HH:MM"; to may be "24:00". */
  from: string
  to: string
}

export interface Schedule {
  name: string
  timezone: string
  week: Span[]
  holidays: { date: string; name: string }[]
}

export const NOTIFIED = ['agent', 'group', 'admins', 'webhook'] as const

export interface Sla {
  /** The limits are in seconds; 0 is none. */
  first_response_s: number
  waiting_s: number
  ladder: { after_s: number; notify: (typeof NOTIFIED)[number] }[]
}

export const EVENTS = ['conversation.queued', 'conversation.assigned', 'conversation.closed', 'conversation.message', 'sla.first_response', 'sla.waiting'] as const

export interface WebhookItem {
  id: string
  url: string
  events: string[] | null
  /** bodies says that events hold the words of messages. */
  bodies?: boolean
  created_at?: string
  failing_since?: string
  disabled?: boolean
  /** secret is told once, when the webhook is made. */
  secret?: string
}

export interface Delivery {
  event: string
  type: string
  attempt: number
  /** status is 0 without an answer. */
  status: number
  error?: string
  took_ms: number
  at: string
}

const enc = encodeURIComponent

export const settings = {
  addGroup: (group: GroupEdit) => request<Group>('POST', '/groups', group),
  changeGroup: (id: string, group: GroupEdit) => request<Group>('PUT', `/groups/${enc(id)}`, group),
  removeGroup: (id: string) => request<void>('DELETE', `/groups/${enc(id)}`),
  changeAgent: (id: number, edit: AgentEdit) => request<AgentItem>('PUT', `/agents/${id}`, edit),
  hours: () => request<Items<Schedule>>('GET', '/hours').then(items),
  setHours: (schedules: Schedule[]) => request<unknown>('PUT', '/hours', { items: schedules }),
  sla: () => request<Sla>('GET', '/sla'),
  setSla: (sla: Sla) => request<unknown>('PUT', '/sla', sla),
  webhooks: () => request<Items<WebhookItem>>('GET', '/webhooks').then(items),
  addWebhook: (url: string, events: string[], bodies: boolean) => request<WebhookItem>('POST', '/webhooks', { url, events, bodies }),
  removeWebhook: (id: string) => request<void>('DELETE', `/webhooks/${enc(id)}`),
  testWebhook: (id: string) => request<void>('POST', `/webhooks/${enc(id)}/test`),
  deliveries: (id: string) => request<Items<Delivery>>('GET', `/webhooks/${enc(id)}/deliveries`).then(items),
}
