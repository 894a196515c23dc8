import { CLOSE_SIGN_IN } from './protocol'

/** Channel is what a Link needs of a WebSocket; PollSocket offers the same over plain requests. */
export interface Channel {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  send(data: string): void
  close(): void
}

const WAIT_S = 25
const ANSWER_WITHIN_MS = (WAIT_S + 10) * 1000
const LOST = 1006

/** Answer numbers its frames over the whole session: up_to is the number of the last one. */
interface Answer {
  session: string
  frames: object[] | null
  up_to: number
}

/**
 * PollSocket carries the frames of a WebSocket over requests that the server answers when it has something to say, for
 * networks that let no WebSocket through. One request at a time is held open for what comes; what is sent meanwhile
 * goes in requests of its own, one after the other, so that frames keep their order. Every request says how much has
 * come, and the server repeats what an answer lost on its way had carried.
 */
export class PollSocket implements Channel {
  onopen: Channel['onopen'] = null
  onmessage: Channel['onmessage'] = null
  onclose: Channel['onclose'] = null
  private session = ''
  private got = 0
  private waiting: string[] = []
  private sending = false
  private readonly aborter = new AbortController()

  constructor(
    private readonly url: string,
    private readonly ticket: string,
  ) {
    queueMicrotask(() => void this.run())
  }

  send(data: string): void {
    this.waiting.push(data)
    // Before the session is open its first request carries what is sent.
    if (this.session) void this.drain()
  }

  close(): void {
    this.aborter.abort()
  }

  private async run(): Promise<void> {
    this.onopen?.()
    await this.exchange({ ticket: this.ticket }, 0)
    void this.drain()
    while (!this.aborter.signal.aborted) await this.exchange({ session: this.session }, WAIT_S)
  }

  private async drain(): Promise<void> {
    if (this.sending) return
    this.sending = true
    while (this.waiting.length > 0 && !this.aborter.signal.aborted) await this.exchange({ session: this.session }, 0)
    this.sending = false
  }

  /** exchange sends what waits, unless the request is the one held open, and delivers the server's frames. */
  private async exchange(who: { ticket: string } | { session: string }, wait: number): Promise<void> {
    const frames = wait ? [] : this.waiting.splice(0)
    const body = `{${JSON.stringify(who).slice(1, -1)},"got":${this.got},"frames":[${frames.join()}],"wait_s":${wait}}`
    const { signal } = this.aborter
    const timer = setTimeout(() => this.end(LOST), ANSWER_WITHIN_MS)
    const request = { method: 'POST', credentials: 'omit', headers: { 'Content-Type': 'application/json' }, body, signal } as const
    const response = await fetch(this.url, request).catch(() => null)
    clearTimeout(timer)
    const answer = response?.ok ? ((await response.json().catch(() => null)) as Answer | null) : null
    if (!answer) return this.end(response?.status === 401 ? CLOSE_SIGN_IN : LOST)
    this.session ||= answer.session
    this.take(answer.frames ?? [], answer.up_to)
  }

  /** take delivers the frames that no earlier answer has brought; two requests under way may be given the same ones. */
  private take(frames: object[], upTo: number): void {
    const fresh = frames.slice(Math.max(0, this.got - upTo + frames.length))
    this.got = Math.max(this.got, upTo)
    for (const frame of fresh) if (!this.aborter.signal.aborted) this.onmessage?.({ data: JSON.stringify(frame) })
  }

  private end(code: number): void {
    if (this.aborter.signal.aborted) return
    this.aborter.abort()
    this.onclose?.({ code })
  }
}
