// The frames of the WebSocket protocol "handrail.v1", as the server speaks it to visitors and agents.

export type State = 'bot' | 'queued' | 'human' | 'closed'
export type SenderKind = 'visitor' | 'bot' | 'agent' | 'system'

/**
 * Kind says what an entry is; 'hidden' stands, for a visitor, in the place of a note between agents, and 'erased' for
 * everybody in the place of a message whose key was destroyed.
 */
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
  | 'file'
  | 'edit'
  | 'erased'
  | 'transferred'
  | 'joined'
  | 'left'
  | 'left_message'

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
  /** attachment, name, media_type and size (bytes) are of a file; width and height (pixels) of an image. */
  attachment?: string
  media_type?: string
  size?: number
  width?: number
  height?: number
  /** seq is the entry that an edit changes; removed says that it takes the words away. */
  seq?: number
  removed?: boolean
  group?: string
  agent_id?: number
  email?: string
}

/**
 * Message is one entry of a conversation. seq counts from 1 without gaps; at is an RFC 3339 time. `revised` is set by
 * the transcript, not by the server: what a later edit did to the entry.
 */
export interface Message {
  seq: number
  client_id: string
  sender: Sender
  kind: Kind
  body: string
  data?: MessageData
  at: string
  revised?: 'edited' | 'removed'
}

/** Place is where a visitor stands in the queue: the expected wait in seconds, and by how much it was wrong lately. */
export interface Place {
  position: number
  wait_s?: number
  error_s?: number
}

/** Hours come while nobody is on duty; opens_at is an RFC 3339 time. */
export interface Hours {
  open: boolean
  opens_at?: string
  leave_message?: boolean
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
  hours?: Hours
  read?: number
}

/** ReadFrame says how far the other side has read. */
export interface ReadFrame {
  t: 'read'
  sender: Sender
  seq: number
}

export interface VisitorWelcome {
  t: 'welcome'
  conversation?: string
  state?: State
  last_seq?: number
  queue?: Place
  agent?: { name: string }
  can_rate?: boolean
  hours?: Hours
  read?: number
}

export type ToVisitor =
  | VisitorWelcome
  | ({ t: 'msg' } & Message)
  | DeltaFrame
  | TypingFrame
  | StateFrame
  | ReadFrame
  | AckFrame
  | ErrorFrame

/** FromVisitor are the visitor's frames that are kept until acknowledged. */
export type FromVisitor =
  | { t: 'send'; client_id: string; body: string; choice?: string; kind?: 'file'; attachment?: string }
  | { t: 'edit'; client_id: string; seq: number; body: string; removed?: boolean }
  | { t: 'leave_message'; client_id: string; email: string; body?: string }
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
  group?: string
  due_at?: string
}

/** Offer is a waiting conversation that only this agent is asked to take, until expires_at. */
export interface Offer extends Omit<Waiting, 'due_at'> {
  expires_at: string
}

/** Alert tells that a visitor waits longer than was promised; level is the rung of the ladder, from 1. */
export interface Alert {
  conversation: string
  kind: 'first_response' | 'waiting'
  since: string
  level: number
}

export interface Mine {
  conversation: string
  state: State
  since: string
  preview: string
  lang: string
  name: string
  last_seq: number
  unread?: number
  due_at?: string
  /** guest says that somebody else is in charge, and this agent was invited to help. */
  guest?: boolean
}

export interface DeskFrame {
  t: 'desk'
  waiting: Waiting[] | null
  mine: Mine[] | null
  offers?: Offer[] | null
  alerts?: Alert[] | null
  me: AgentSelf
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
  | (ReadFrame & OfConversation)
  | AckFrame
  | ErrorFrame
  | DeskFrame

/** FromAgent are the agent's frames that are kept until acknowledged. */
export type FromAgent =
  | { t: 'send'; conversation: string; client_id: string; body: string; kind: 'text' | 'note' | 'file'; attachment?: string }
  | { t: 'edit'; conversation: string; client_id: string; seq: number; body: string; removed?: boolean }
  | { t: 'transfer'; conversation: string; client_id: string; group?: string; agent_id?: number; note?: string }
  | { t: 'close'; conversation: string; client_id: string }
  | { t: 'return'; conversation: string; client_id: string }

/** The server selects this subprotocol; the ticket travels as a second one, "ticket.<value>". */
export const SUBPROTOCOL = 'handrail.v1'

/** Authors may change what they wrote for so long; the server has the last word. */
export const EDIT_WITHIN_MS = 15 * 60_000

/** Close codes of the protocol that a client treats in a way of its own. */
export const CLOSE_SIGN_IN = 4401
export const CLOSE_RESTART = 1012
