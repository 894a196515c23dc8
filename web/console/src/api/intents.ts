import { request } from './client'
import { items, type Items } from './items'

// The parts of /api/v1 that the pages of the intents use. They are loaded with those pages.

export type Format = 'yaml' | 'csv' | 'jsonl'

/** Version is a trained catalog; the shares are measured by cross-validation, null where they were not. */
export interface Version {
  version: number
  active: boolean
  trained_at: string
  intents: number
  examples: number
  note: string
  accuracy: number | null
  oos_recall: number | null
}

/** Examples is a file of labelled messages, or a whole catalog in YAML. */
export interface Examples {
  format: Format
  text: string
}

export interface Finding {
  severity: 'error' | 'warning'
  kind: string
  /** line counts from 1; 0 for what concerns the whole file. */
  line: number
  other_line: number
  intent: string
  other: string
  text: string
  message: string
}

export interface Checked {
  intents: number
  examples: number
  findings: Finding[] | null
}

export interface Training {
  id: string
  state: 'queued' | 'running' | 'done' | 'failed'
  stage: string
  done: number
  total: number
  /** version is 0 until the training is done. */
  version: number
  error: string
  started_at: string
  ended_at: string | null
}

/** Pair is the same measure of the two versions compared. */
export interface Pair<T> {
  a: T
  b: T
}

export interface Quality {
  precision: number
  recall: number
  f1: number
}

export interface Flipped extends Pair<string> {
  text: string
  lang: string
  want: string
  better: 'a' | 'b' | 'neither'
}

export interface Comparison extends Pair<number> {
  examples: number
  accuracy: Pair<number>
  oos_recall: Pair<number> | null
  intents: ({ name: string; n: number } & Pair<Quality>)[] | null
  confusion: ({ want: string; got: string } & Pair<number>)[] | null
  flipped: Flipped[] | null
}

export interface Named {
  name: string
  probability: number
}

export interface FoundEntity {
  type: string
  text: string
  value: string
}

/** Trial is what a message means to the active version; intent is "oos" or "" for a message out of scope. */
export interface Trial {
  version: number
  intent: string
  probability: number
  out_of_scope: number
  alternatives: Named[] | null
  entities: FoundEntity[] | null
  wants_person: boolean
  anger: number
}

/** Suggestion is a masked message worth labelling, with the best guess. */
export interface Suggestion {
  text: string
  lang: string
  intent: string
  probability: number
  /** count is how often it was said. */
  count?: number
  conversation: string
  seq: number
  at: string
}

export const intents = {
  versions: () => request<Items<Version>>('GET', '/intents/versions').then(items),
  catalog: (version = 0) => request<{ version: number; yaml: string }>('GET', `/intents/catalog${version ? `?version=${version}` : ''}`),
  check: (examples: Examples) => request<Checked>('POST', '/intents/check', examples),
  train: (examples: Examples, note: string) =>
    request<{ id: string }>('POST', '/intents/trainings', { ...examples, note, activate: false }),
  trainings: () => request<Items<Training>>('GET', '/intents/trainings').then(items),
  compare: (a: number, b: number) => request<Comparison>('GET', `/intents/compare?a=${a}&b=${b}`),
  activate: (version: number) => request<void>('POST', `/intents/versions/${version}/activate`),
  try: (text: string) => request<Trial>('POST', '/intents/try', { text }),
  suggestions: () => request<Items<Suggestion>>('GET', '/intents/suggestions').then(items),
}
