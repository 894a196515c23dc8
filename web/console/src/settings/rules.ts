import type { Problem, Rule } from '../api/routing'

/** RuleRow is a rule as it is edited: by a condition, or by keywords of which one must occur in the visitor's words. */
export interface RuleRow {
  /** key is the row's own, so that it keeps its focus when it moves. */
  key: number
  name: string
  by: 'condition' | 'keywords'
  condition: string
  keywords: string
  action: string
}

const KEYWORDS = /^contains_any\(text, \[((?:'(?:[^'\\]|\\.)*'(?:, )?)+)\]\)$/

let keys = 0

export function emptyRow(): RuleRow {
  return { key: ++keys, name: '', by: 'condition', condition: '', keywords: '', action: '' }
}

/** rowOf reads a rule. The condition that the server makes of keywords is shown as keywords again. */
export function rowOf(rule: Rule): RuleRow {
  const condition = String(rule.condition ?? '')
  const words = rule.keywords?.length && !condition ? rule.keywords : keywordsIn(condition)
  const action = Array.isArray(rule.action) ? rule.action.join('; ') : (rule.action ?? '')
  const row = { ...emptyRow(), name: rule.name ?? '', condition: both(rule.keywords, condition), action }
  return words ? { ...row, by: 'keywords', condition: '', keywords: words.join(', ') } : row
}

/** ruleOf writes what the server takes. */
export function ruleOf(row: RuleRow): Rule {
  const name = row.name.trim() ? { name: row.name.trim() } : {}
  const action = row.action.trim()
  if (row.by === 'condition') return { ...name, condition: row.condition.trim(), action }
  return { ...name, keywords: row.keywords.split(/[,，、\n]/).map((word) => word.trim()).filter(Boolean), action }
}

/** textOf is the rules as JSON, in the form in which they may be pasted. */
export function textOf(rows: RuleRow[]): string {
  return JSON.stringify({ routing_rules: rows.map(ruleOf) }, null, 2)
}

/** rowsOf reads such JSON, or a bare list of rules. It throws an Error that says what is wrong with it. */
export function rowsOf(text: string): RuleRow[] {
  const parsed = JSON.parse(text) as { routing_rules?: unknown } | unknown[]
  const list = Array.isArray(parsed) ? parsed : parsed?.routing_rules
  if (!Array.isArray(list)) throw new Error('routing_rules: []')
  return list.map((rule) => rowOf(rule as Rule))
}

/** moved puts the row at the index one place up (-1) or down (1). */
export function moved<T>(rows: readonly T[], at: number, by: -1 | 1): T[] {
  const next = [...rows]
  const [row] = next.splice(at, 1)
  next.splice(Math.min(rows.length - 1, Math.max(0, at + by)), 0, row!)
  return next
}

/** problemsOf are those of one rule, by its number from 1, or with 0 those of the whole. */
export function problemsOf(problems: readonly Problem[], rule: number): Problem[] {
  return problems.filter((one) => (one.rule ?? 0) === rule)
}

/** both joins the two where a rule has keywords and a condition: an editor of one must not lose the other. */
function both(words: string[] | undefined, condition: string): string {
  if (!words?.length || !condition) return condition
  return `contains_any(text, [${words.map(quoted).join(', ')}]) && (${condition})`
}

function quoted(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function keywordsIn(condition: string): string[] | null {
  const list = KEYWORDS.exec(condition)?.[1]
  return list ? [...list.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, word]) => word!.replace(/\\(.)/g, '$1')) : null
}
