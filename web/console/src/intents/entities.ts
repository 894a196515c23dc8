import type { FoundEntity } from '../api/intents'

/** Piece is a stretch of a message: plain, or an entity. */
export interface Piece {
  text: string
  entity?: FoundEntity
}

/** pieces cuts a message at its entities, which come in the order of the message; one that is not in it is left out. */
export function pieces(message: string, entities: readonly FoundEntity[]): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const entity of entities) {
    const at = entity.text ? message.indexOf(entity.text, from) : -1
    if (at < 0) continue
    if (at > from) found.push({ text: message.slice(from, at) })
    found.push({ text: entity.text, entity })
    from = at + entity.text.length
  }
  if (from < message.length) found.push({ text: message.slice(from) })
  return found
}
