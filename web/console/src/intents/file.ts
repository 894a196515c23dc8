import type { Format } from '../api/intents'

export const FORMATS: readonly Format[] = ['yaml', 'csv', 'jsonl']

const ENDINGS: Record<string, Format> = { yaml: 'yaml', yml: 'yaml', csv: 'csv', jsonl: 'jsonl', ndjson: 'jsonl' }

/** formatOf tells the format by the ending of a file's name; null for one that cannot be read. */
export function formatOf(name: string): Format | null {
  return ENDINGS[name.split('.').pop()!.toLowerCase()] ?? null
}

/** lineRange is where the line, counted from 1, begins and ends in the text. */
export function lineRange(text: string, line: number): [start: number, end: number] {
  let start = 0
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', start)
    if (end < 0) break
    start = end + 1
  }
  const end = text.indexOf('\n', start)
  return [start, end < 0 ? text.length : end]
}
