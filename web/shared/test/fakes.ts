import type { Message } from '../src/protocol'

/** FakeSocket stands in for the browser's WebSocket; a test plays the server. */
export class FakeSocket {
  static all: FakeSocket[] = []
  sent: { t: string; [name: string]: unknown }[] = []
  closed = false
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this)
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data))
  }

  close(): void {
    this.closed = true
  }

  /** open lets the connection succeed. */
  open(): void {
    this.onopen?.()
  }

  /** says delivers one frame of the server. */
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** drops ends the connection with a close code. */
  drops(code = 1006): void {
    this.onclose?.({ code })
  }

  /** types lists the frame types that the client sent. */
  get types(): string[] {
    return this.sent.map((frame) => frame.t)
  }
}

export function message(seq: number, extra: Partial<Message> = {}): Message {
  return { seq, client_id: `id-${seq}`, sender: { kind: 'bot' }, kind: 'text', body: `text ${seq}`, at: '2030-05-04T10:00:00Z', ...extra }
}
