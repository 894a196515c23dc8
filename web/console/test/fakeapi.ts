import { vi } from 'vitest'

export interface Call {
  method: string
  path: string
  body: unknown
}

type Reply = unknown | ((call: Call) => unknown)

/**
 * fakeAPI plays the server: `replies` has an answer for "METHOD /path" without its query. A Response is sent as it is,
 * undefined as 204, all else as JSON. It returns the calls, in their order.
 */
export function fakeAPI(replies: Record<string, Reply>): Call[] {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (address: string, init: RequestInit) => {
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : init.body
    const call: Call = { method: init.method ?? 'GET', path: address.replace('/api/v1', ''), body }
    calls.push(call)
    const key = `${call.method} ${call.path.split('?')[0]}`
    if (!(key in replies)) return Response.json({ detail: `no reply for ${key}` }, { status: 404 })
    const reply = replies[key]
    const answer: unknown = typeof reply === 'function' ? (reply as (call: Call) => unknown)(call) : reply
    if (answer instanceof Response) return answer
    return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer)
  })
  return calls
}
