import { request } from './client'

// The parts of /api/v1 that the pages of the routing rules use.

/** Rule decides what its condition, or one of its keywords, fits. A condition may be the value true. */
export interface Rule {
  name?: string
  condition?: string | boolean
  keywords?: string[]
  action: string | string[]
}

export interface RulesVersion {
  version: number
  created_at: string
  by: string
  note: string
  /** rules is how many there are. */
  rules: number
}

/** Problem is at a rule by its number from 1, or at the text as a whole (0); column counts characters from 1. */
export interface Problem {
  rule: number
  part?: string
  column?: number
  message: string
}

export interface Route {
  group: string
  /** rule is the number of the rule that fitted, 0 if none did. */
  rule: number
}

export interface Trial {
  tried: number
  changed: number
  failed?: number
  items: { conversation: string; at: string; reason: string; text: string; before: Route; after: Route }[] | null
}

export const routing = {
  /** versions has active = 0 while no rules decide. */
  versions: () => request<{ active: number; versions: RulesVersion[] | null }>('GET', '/routing'),
  version: (version: number) => request<{ version: number; routing_rules: Rule[] | null }>('GET', `/routing/${version}`),
  add: (rules: Rule[], note: string) => request<RulesVersion>('POST', '/routing', { routing_rules: rules, ...(note ? { note } : {}) }),
  check: (rules: Rule[]) => request<{ ok: boolean; problems: Problem[] | null }>('POST', '/routing/check', { routing_rules: rules }),
  try: (rules: Rule[]) => request<Trial>('POST', '/routing/try', { routing_rules: rules }),
  activate: (version: number) => request<void>('POST', `/routing/${version}/activate`),
}
