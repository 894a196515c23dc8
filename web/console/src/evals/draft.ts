import type { Message } from '@handrail/shared/protocol'
import type { CaseEdit } from '../api/evals'
import type { TurnRecord } from '../api/types'

/** draftOf is the case of a turn as the desk knows it: what the visitor said, and what the bot did about it. */
export function draftOf(turn: Pick<TurnRecord, 'seq' | 'decision' | 'passages'>, messages: readonly Message[]): CaseEdit {
  return { question: asked(turn.seq, messages), decision: turn.decision, sources: cited(turn, messages), facts: [], tags: [] }
}

/** asked joins the visitor's texts in a row that end with the given entry: the bot takes them for one question. */
function asked(seq: number, messages: readonly Message[]): string {
  const texts = messages.filter((one) => one.kind === 'text' && one.seq <= seq)
  const before = texts.findLastIndex(({ sender }) => sender.kind !== 'visitor')
  return texts.slice(before + 1).map(({ body }) => body).join('\n')
}

/** cited are the sources of the passages that the bot's answer cites: visitors see titles, the turn knows sources. */
function cited({ seq, decision, passages }: Pick<TurnRecord, 'seq' | 'decision' | 'passages'>, messages: readonly Message[]): string[] {
  const reply = messages.find((one) => one.seq > seq && one.kind === 'text' && one.sender.kind === 'bot')
  if (decision !== 'answer' || !reply) return []
  const sources = (reply.data?.citations ?? []).map(
    (one) => (passages ?? []).find(({ title, heading, url }) => title === one.title && (heading ?? '') === (one.heading ?? '') && (url ?? '') === (one.url ?? ''))?.source,
  )
  return [...new Set(sources.filter((one) => one !== undefined))]
}

/** changed keeps the fields of the edit that differ: the server fills the others in itself, personal data masked. */
export function changed(edit: CaseEdit, draft: CaseEdit): Partial<CaseEdit> {
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(draft[name as keyof CaseEdit])
  return Object.fromEntries(Object.entries(edit).filter(differs)) as Partial<CaseEdit>
}
