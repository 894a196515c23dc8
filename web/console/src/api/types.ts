import type { Citation, State } from '@handrail/shared/protocol'

// The REST answers of /api/v1 that the console reads.

export type Role = 'admin' | 'agent' | 'quality_inspector' | 'knowledge_manager'

export interface Me {
  id: number
  name: string
  email: string
  role: Role
}

export interface ConversationItem {
  id: string
  /** contact is the visitor's id. */
  contact?: string
  state: State
  lang: string
  name: string
  created_at: string
  updated_at: string
  last_seq: number
  agent_id: number
  preview: string
  csat: number
}

export interface Entity {
  kind: string
  value: string
  text: string
}

/** FoundPassage is a passage that the bot considered; score is comparable within one turn only. */
export interface FoundPassage {
  title: string
  heading?: string
  page?: number
  url?: string
  text: string
  score: number
  /** source is the path or address that the passage comes from, where the server tells it. */
  source?: string
}

interface Finding {
  reason: string
  /** confidence is the calibrated probability that the bot's reply was right, above 0; 0 where none was estimated. */
  confidence: number
  threshold?: number
  intent?: string
  lang?: string
  entities: Entity[] | null
  passages: FoundPassage[] | null
  at: string
}

export interface HandoffRecord extends Finding {
  summary: string
  agent?: string | null
}

export interface TurnRecord extends Finding {
  seq: number
  decision: string
  intent_probability: number
  features: Record<string, number> | null
  /** withheld is the answer that the bot was not sure enough of to give. */
  withheld?: { text: string; citations: Citation[] | null } | null
  /** verdict is what an agent said of the bot's answer in this turn; null or absent where nobody did. */
  verdict?: boolean | null
}

export interface Evidence {
  handoffs: HandoffRecord[] | null
  turns: TurnRecord[] | null
}

/** Problem is the body of every refusal (RFC 9457). */
export interface Problem {
  title?: string
  status?: number
  detail?: string
}
