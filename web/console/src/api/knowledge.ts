import { request } from './client'
import { items, type Items } from './items'

// The parts of /api/v1 that the knowledge pages use. They are loaded with those pages, apart from the desk.

export type SourceKind = 'folder' | 'file' | 'page' | 'sitemap' | 'crawl'
export type RunState = 'queued' | 'running' | 'done' | 'failed'

export interface Run {
  id: number
  state: RunState
  done: number
  total: number
  started_at: string
  finished_at: string | null
  added: number
  changed: number
  removed: number
  unchanged: number
  failed: number
  error: string
}

export interface Source {
  id: string
  kind: SourceKind
  location: string
  collection: string
  every_hours: number
  max_pages: number
  depth: number
  documents: number
  created_at: string
  next_run_at: string | null
  last_run: Run | null
}

export interface NewSource {
  kind: 'page' | 'sitemap' | 'crawl'
  location: string
  collection?: string
  every_hours?: number
  max_pages?: number
  depth?: number
}

/** Failure is an item that could not be read, and why, in words for the person who has to repair it. */
export interface Failure {
  item: string
  reason: string
}

export interface RunDetail {
  error?: string
  report?: { failed: Failure[] | null }
}

export interface UploadReport {
  added: string[] | null
  changed: string[] | null
  unchanged: string[] | null
  failed: Failure[] | null
  passages: number
}

export interface DocumentItem {
  id: string
  collection: string
  source: string
  title: string
  url: string
  lang: string
  passages: number
  updated_at: string
}

export interface Passage {
  ordinal: number
  headings: string[] | null
  question: string
  text: string
  start: number
  end: number
  /** page counts from 1; 0 or absent in a document without pages. */
  page?: number
}

export interface DocumentDetail extends DocumentItem {
  items: Passage[] | null
}

/** Hit is a passage found; the shares in parts add up to score, which is comparable within one result only. */
export interface Hit {
  document: string
  title: string
  heading: string
  url: string
  source: string
  text: string
  score: number
  passage?: number
  page?: number
  question?: string
  parts?: Record<string, number>
}

export interface Found {
  items: Hit[] | null
  /** answerability is the estimated probability that the base holds the answer. */
  answerability?: number
}

export interface Answer {
  answer: string
  decision: string
  reason: string
  confidence: number
  threshold: number
  intent: string
  lang: string
  citations: { n: number; title: string; heading?: string; url?: string; document: string }[] | null
  choices: { id: string; label: string }[] | null
}

export interface Gap {
  key: string
  question: string
  lang: string
  count: number
  first_at: string
  last_at: string
  reason: string
  answered_now: boolean
  best: { document: string; title: string; url: string; score: number; answerability: number } | null
  examples: { conversation: string; question: string; at: string }[] | null
}

export type DraftState = 'open' | 'publishing' | 'published' | 'dismissed'

export interface Similar {
  document: string
  title: string
  url: string
  question: string
  text: string
  score: number
}

export interface DraftEdit {
  question: string
  answer: string
  lang: string
  collection: string
}

export interface Draft extends DraftEdit {
  id: string
  state: DraftState
  count: number
  conversation: string | null
  document: string | null
  created_at: string
  updated_at: string
  /** similar is null where the base was not asked: far down a long list. */
  similar: Similar[] | null
}

const enc = encodeURIComponent

/** filled leaves out empty fields, for which the server has its own defaults. */
function filled<T extends object>(body: T): Partial<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== '' && value !== 0)) as Partial<T>
}

function form(files: readonly File[]): FormData {
  const data = new FormData()
  for (const file of files) data.append('file', file, file.name)
  return data
}

export const knowledge = {
  sources: () => request<Items<Source>>('GET', '/sources').then(items),
  addSource: (source: NewSource) => request<Source>('POST', '/sources', filled(source)),
  runSource: (id: string) => request<{ id: number }>('POST', `/sources/${enc(id)}/run`),
  removeSource: (id: string, documents: boolean) => request<void>('DELETE', `/sources/${enc(id)}?documents=${documents}`),
  run: (id: number) => request<RunDetail>('GET', `/ingest/${id}`),
  upload: (files: readonly File[], collection: string) =>
    request<UploadReport>('POST', `/uploads?collection=${enc(collection)}`, form(files)),
  documents: () => request<Items<DocumentItem>>('GET', '/documents').then(items),
  document: (id: string) => request<DocumentDetail>('GET', `/documents/${enc(id)}`),
  removeDocument: (id: string) => request<void>('DELETE', `/documents/${enc(id)}`),
  search: (question: string, limit: number) => request<Found>('GET', `/search?q=${enc(question)}&limit=${limit}`),
  ask: (question: string) => request<Answer>('POST', '/ask', { question }),
  gaps: (days: number) => request<Items<Gap> & { questions: number }>('GET', `/gaps?days=${days}`),
  dismissGap: (key: string, days: number) => request<void>('POST', `/gaps/${enc(key)}/dismiss?days=${days}`),
  drafts: (state: DraftState) => request<Items<Draft>>('GET', `/drafts?state=${state}`).then(items),
  createDraft: (edit: DraftEdit, gap = '') => request<Draft>('POST', '/drafts', filled({ ...edit, gap })),
  updateDraft: (id: string, edit: DraftEdit) => request<Draft>('PUT', `/drafts/${enc(id)}`, filled(edit)),
  publishDraft: (id: string) => request<Draft>('POST', `/drafts/${enc(id)}/publish`),
  dismissDraft: (id: string) => request<Draft>('POST', `/drafts/${enc(id)}/dismiss`),
}
