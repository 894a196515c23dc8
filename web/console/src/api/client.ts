import type { ConversationItem, Evidence, Me, Problem } from './types'

/** ApiError carries what the server said, in words fit for the person at the screen. status is 0 without an answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** request asks /api/v1. A body is sent as JSON, or as a form with files, whose header the browser writes itself. */
export async function request<T>(method: Method, path: string, body?: object): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin' }
  if (body instanceof FormData) {
    init.body = body
  } else if (body) {
    init.headers = { 'Content-Type': 'application/json' }
    init.body = JSON.stringify(body)
  }
  const response = await fetch(`/api/v1${path}`, init).catch(() => {
    throw new ApiError(0, '')
  })
  const text = await response.text()
  if (!response.ok) throw new ApiError(response.status, explain(text, response))
  return (text ? JSON.parse(text) : undefined) as T
}

function explain(text: string, response: Response): string {
  try {
    const problem = JSON.parse(text) as Problem
    return problem.detail || problem.title || response.statusText
  } catch {
    return response.statusText || `HTTP ${response.status}`
  }
}

export const api = {
  login: (email: string, password: string) => request<Me>('POST', '/login', { email, password }),
  logout: () => request<void>('POST', '/logout'),
  me: () => request<Me>('GET', '/me'),
  agentTicket: () => request<{ ticket: string }>('POST', '/agent/ticket'),
  conversations: (limit: number) =>
    request<{ items: ConversationItem[] | null }>('GET', `/conversations?limit=${limit}`).then((page) => page.items ?? []),
  conversation: (id: string) => request<ConversationItem>('GET', `/conversations/${encodeURIComponent(id)}`),
  evidence: (id: string) => request<Evidence>('GET', `/conversations/${encodeURIComponent(id)}/evidence`),
  judge: (id: string, seq: number, right: boolean | null) =>
    request<void>('PUT', `/conversations/${encodeURIComponent(id)}/turns/${seq}/verdict`, { right }),
}
