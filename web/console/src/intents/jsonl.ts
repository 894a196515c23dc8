/** Labelled is a message with the intent that it should have. */
export interface Labelled {
  text: string
  intent: string
  lang: string
}

/** toJSONL writes one labelled message per line, as the check and the training read them. */
export function toJSONL(examples: readonly Labelled[]): string {
  return examples.map(({ text, intent, lang }) => `${JSON.stringify({ text, intent, lang })}\n`).join('')
}
