import type { Me } from './api/types'

// What the server lets the roles do, as far as the console shows or hides something. The server decides all the same.

export function mayReadConversations(me: Pick<Me, 'role'>): boolean {
  return me.role !== 'knowledge_manager'
}

export function mayWriteKnowledge(me: Pick<Me, 'role'>): boolean {
  return me.role === 'admin' || me.role === 'knowledge_manager'
}

/** mayJudge says who may tell whether the bot would have been right: those who answer visitors themselves. */
export function mayJudge(me: Pick<Me, 'role'>): boolean {
  return me.role === 'admin' || me.role === 'agent'
}

/** mayMakeCases says who may make a case of a turn that they read. */
export function mayMakeCases(me: Pick<Me, 'role'>): boolean {
  return me.role !== 'quality_inspector'
}

/** mayErase says who may destroy what a visitor wrote: those who manage the staff. */
export function mayErase(me: Pick<Me, 'role'>): boolean {
  return me.role === 'admin'
}

/** maySetUpDesk says who may change groups, agents, hours and rules. */
export function maySetUpDesk(me: Pick<Me, 'role'>): boolean {
  return me.role === 'admin'
}
