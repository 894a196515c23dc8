// The frames of the WebSocket protocol "handrail.v1", as the server speaks it to visitors and agents.

export type State = 'bot' | 'queued' | 'human' | 'closed'
export type SenderKind = 'visitor' | 'bot' | 'agent' | 'system'

/** Kind says what an entry is; 'hidden' stands, for a visitor, in the place of a note between agents. */
export type Kind =
  | 'text'
  | 'note'
  | 'handoff'
  | 'assigned'
  | 'returned'
  | 'closed'
  | 'csat_request'
  | 'csat'
  | 'hidden'

export interface Sender {
  kind: SenderKind
  name?: string
}

/** Citation names one source of a bot's answer; n is the number of its mark, as in "[1]". */
export interface Citation {
  n: number
  title: string
  heading?: string
  page?: number
  url?: string
  quote?: string
}

export interface Choice {
  id: string
  label: string
}

/** MessageData is what the kinds of message carry besides their body; every field is optional on the wire. */
export interface MessageData {
  citations?: Citation[]
  choices?: Choice[]
  ai?: boolean
  name?: string
  score?: number
  comment?: string
  reason?: string
}

/** Message is one entry of a conversation. seq counts from 1 without gaps; at is an RFC 3339 time. */
export interface Message {
  seq: number
  client_id: string
  sender: Sender
  kind: Kind
  body: string
  data?: MessageData
  at: string
}

export interface Place {
  position: number
  wait_s?: number
}

export interface AckFrame {
  t: 'ack'
  client_id: string
  seq: number
  conversation?: string
}

export interface ErrorFrame {
  t: 'error'
  client_id?: string
  conversation?: string
  code: string
  message: string
  retry_after_ms?: number
}

export interface DeltaFrame {
  t: 'delta'
  turn: string | number
  offset: number
  text: string
}

export interface TypingFrame {
  t: 'typing'
  sender: Sender
  on: boolean
}

export interface StateFrame {
  t: 'state'
  state: State
  queue?: Place
  agent?: { name: string }
  can_rate?: boolean
}

export interface VisitorWelcome {
  t: 'welcome'
  conversation?: string
  state?: State
  last_seq?: number
  queue?: Place
  agent?: { name: string }
  can_rate?: boolean
}

export type ToVisitor =
  | VisitorWelcome
  | ({ t: 'msg' } & Message)
  | DeltaFrame
  | TypingFrame
  | StateFrame
  | AckFrame
  | ErrorFrame

/** FromVisitor are the visitor's frames that are kept until acknowledged. */
export type FromVisitor =
  | { t: 'send'; client_id: string; body: string; choice?: string }
  | { t: 'person'; client_id: string }
  | { t: 'csat'; client_id: string; score: number; comment?: string }

export type AgentStatus = 'online' | 'away' | 'offline'

export interface AgentSelf {
  status: AgentStatus
  load: number
  capacity: number
}

export interface Waiting {
  conversation: string
  since: string
  reason: string
  priority: number
  preview: string
  lang: string
  name: string
}

export interface Mine {
  conversation: string
  state: State
  since: string
  preview: string
  lang: string
  name: string
  last_seq: number
}

interface OfConversation {
  conversation: string
}

export type ToAgent =
  | ({ t: 'welcome'; me: { id: number; name: string; role: string } } & AgentSelf)
  | ({ t: 'msg' } & Message & OfConversation)
  | (DeltaFrame & OfConversation)
  | (TypingFrame & OfConversation)
  | (StateFrame & OfConversation)
  | AckFrame
  | ErrorFrame
  | { t: 'desk'; waiting: Waiting[] | null; mine: Mine[] | null; me: AgentSelf }

/** FromAgent are the agent's frames that are kept until acknowledged. */
export type FromAgent =
  | { t: 'send'; conversation: string; client_id: string; body: string; kind: 'text' | 'note' }
  | { t: 'close'; conversation: string; client_id: string }
  | { t: 'return'; conversation: string; client_id: string }

/** The server selects this subprotocol; the ticket travels as a second one, "ticket.<value>". */
export const SUBPROTOCOL = 'handrail.v1'

/** Close codes of the protocol that a client treats in a way of its own. */
export const CLOSE_SIGN_IN = 4401
export const CLOSE_RESTART = 1012
