import { newID } from '@handrail/shared/ids'
import type { AgentStatus, FromAgent } from '@handrail/shared/protocol'

const TYPING_EVERY_MS = 3_000

/** Target is who is asked to take a conversation over: the agents of a group, or one agent. */
export type Target = { group: string } | { agent_id: number }

/**
 * deskActions are what an agent does. `post` keeps a frame until the server has acknowledged it; `send` tells it once, if
 * there is a connection, and says whether there was.
 */
export function deskActions(post: (frame: FromAgent) => void, send: (frame: object) => boolean) {
  let typingSentAt = 0

  function say(conversation: string, body: string, kind: 'text' | 'note'): void {
    typingSentAt = 0
    post({ t: 'send', conversation, client_id: newID(), body, kind })
  }

  function sendFile(conversation: string, attachment: string): void {
    post({ t: 'send', conversation, client_id: newID(), kind: 'file', attachment, body: '' })
  }

  /** edit changes one of the agent's own messages; an empty body removes it. */
  function edit(conversation: string, seq: number, body: string): void {
    post({ t: 'edit', conversation, client_id: newID(), seq, body, ...(body ? {} : { removed: true }) })
  }

  function finish(conversation: string, how: 'close' | 'return'): void {
    post({ t: how, conversation, client_id: newID() })
  }

  function transfer(conversation: string, to: Target, note: string): void {
    post({ t: 'transfer', conversation, client_id: newID(), ...to, ...(note ? { note } : {}) })
  }

  /** invite is told once: a colleague who is there already makes no entry that would end its repetition. */
  function invite(conversation: string, agent: number, note: string): boolean {
    return send({ t: 'invite', conversation, client_id: newID(), agent_id: agent, ...(note ? { note } : {}) })
  }

  /** leave ends the part of an agent who was invited. */
  const leave = (conversation: string): boolean => send({ t: 'leave', conversation })
  const claim = (conversation: string): boolean => send({ t: 'claim', conversation })
  const accept = (conversation: string): boolean => send({ t: 'accept', conversation })
  const decline = (conversation: string): boolean => send({ t: 'decline', conversation })
  const status = (to: AgentStatus): boolean => send({ t: 'status', status: to })

  function wrote(conversation: string, now = Date.now()): void {
    if (now - typingSentAt < TYPING_EVERY_MS) return
    if (send({ t: 'typing', conversation, on: true })) typingSentAt = now
  }

  return { say, sendFile, edit, finish, transfer, invite, leave, claim, accept, decline, status, wrote }
}
