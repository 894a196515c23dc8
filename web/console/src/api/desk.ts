import type { AgentStatus } from '@handrail/shared/protocol'
import { request } from './client'
import { items, type Items } from './items'
import type { ConversationItem } from './types'

// What the desk asks of /api/v1 besides its socket: colleagues to hand over to, and who the visitor is.

export interface AgentItem {
  id: number
  name: string
  status: AgentStatus
  load: number
  capacity: number
  groups?: string[] | null
  /** skills have levels from 1 to 5. */
  skills?: Record<string, number> | null
  languages?: string[] | null
}

export type Policy = 'least_loaded' | 'longest_idle' | 'round_robin' | 'skills'

export interface Group {
  id: string
  name: string
  policy: Policy
  /** offer_s is how long an agent is asked, in seconds; 0 assigns without asking. */
  offer_s: number
  /** hours names the business hours of the group; "" for those of the workspace. */
  hours?: string | null
  members: number[] | null
}

/** ContactItem is who a visitor is; verified says that the page's server vouched for it. */
export interface ContactItem {
  id: string
  name: string
  email: string
  phone: string
  verified: boolean
  attributes: Record<string, unknown> | null
  lang: string
  timezone: string
  conversations: ConversationItem[] | number | null
  erased?: boolean
}

const enc = encodeURIComponent

export const desk = {
  groups: () => request<Items<Group>>('GET', '/groups').then(items),
  agents: () => request<Items<AgentItem>>('GET', '/agents').then(items),
  search: (words: string, limit: number) => request<Items<ConversationItem>>('GET', `/conversations?q=${enc(words)}&limit=${limit}`).then(items),
  contact: (id: string) => request<ContactItem>('GET', `/contacts/${enc(id)}`),
  erase: (id: string) => request<void>('POST', `/contacts/${enc(id)}/erase`),
  exportAddress: (id: string) => `/api/v1/contacts/${enc(id)}/export`,
  fileAddress: (id: string) => `/api/v1/attachments/${enc(id)}`,
}
