import type { Me } from './api/types'

// What the server lets the roles do, as far as the console shows or hides something. The server decides all the same.

export function mayReadConversations(me: Pick<Me, 'role'>): boolean {
  return me.role !== 'knowledge_manager'
}

export function mayWriteKnowledge(me: Pick<Me, 'role'>): boolean {
  return me.role === 'admin' || me.role === 'knowledge_manager'
}
