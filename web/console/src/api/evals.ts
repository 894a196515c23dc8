import { request } from './client'
import { items, type Items } from './items'

// The parts of /api/v1 that the pages of evals, cases and calibration use. They are loaded with those pages.

/** Suite is what a run asks: the published drafts, or these and the cases made from conversations. */
export type Suite = 'cases' | 'reviewed'

export interface RunItem {
  id: string
  suite: string
  at: string
  state: 'queued' | 'running' | 'done' | 'failed'
  done: number
  total: number
  error: string
  cases: number
  passed: number
  regressions: number
  metrics: Record<string, number> | null
}

export interface Result {
  id: string
  question: string
  tags: string[] | null
  expected: string
  decision: string
  reason: string
  confidence: number
  threshold: number
  reply: string
  sources: string[] | null
  pass: boolean
  failures: string[] | null
  ms: number
}

/** RunDetail names each regression in a sentence that begins with "case ID". */
export interface RunDetail extends Omit<RunItem, 'regressions'> {
  risk_coverage: { coverage: number; accuracy: number }[] | null
  regressions: string[] | null
  results: Result[] | null
}

/** CaseEdit is what people may change. Of each list in facts one text must stand in the reply. */
export interface CaseEdit {
  question: string
  decision: string
  sources: string[]
  facts: string[][]
  tags: string[]
}

export interface Case {
  id: string
  question: string
  history: string[] | null
  lang: string
  decision: string
  sources: string[] | null
  facts: string[][] | null
  tags: string[] | null
  conversation: string | null
  seq: number
  created_at: string
  author: string
}

export interface CalibrationVersion {
  version: number
  created_at: string
  cases: number
  kind: string
  ece: number | null
  auroc: number | null
  active: boolean
}

/** CurvePoint: at the threshold, the share of questions answered, and the share of these answers that was wrong. */
export interface CurvePoint {
  threshold: number
  coverage: number
  risk: number
  wrong: number
  answered: number
}

export interface Calibration {
  /** active is 0 for the calibration that ships with the program. */
  active: number
  threshold: number
  labelled: { verdicts: number; ratings: number; cases: number }
  versions: CalibrationVersion[] | null
  curve: CurvePoint[] | null
  aurc: number | null
  recommended: { target: number; threshold: number | null; coverage: number } | null
}

const enc = encodeURIComponent

export const evals = {
  runs: (limit: number) => request<Items<RunItem>>('GET', `/evals/runs?limit=${limit}`).then(items),
  run: (id: string) => request<RunDetail>('GET', `/evals/runs/${enc(id)}`),
  start: (suite: Suite) => request<{ id: string }>('POST', '/evals/runs', { suite }),
  cases: () => request<Items<Case>>('GET', '/evals/cases').then(items),
  makeCase: (conversation: string, seq: number, edit: Partial<CaseEdit>) =>
    request<Case>('POST', '/evals/cases', { conversation, seq, ...edit }),
  updateCase: (id: string, edit: CaseEdit) => request<Case>('PUT', `/evals/cases/${enc(id)}`, edit),
  removeCase: (id: string) => request<void>('DELETE', `/evals/cases/${enc(id)}`),
  calibration: () => request<Calibration>('GET', '/calibration'),
  fit: () => request<CalibrationVersion>('POST', '/calibration/fit', {}),
  setThreshold: (threshold: number | null) => request<void>('PUT', '/calibration/threshold', { threshold }),
  activate: (version: number) => request<void>('POST', `/calibration/versions/${version}/activate`),
}
