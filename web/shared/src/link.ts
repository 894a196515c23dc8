import { restartDelay, retryDelay } from './backoff'
import { CLOSE_RESTART, CLOSE_SIGN_IN, SUBPROTOCOL } from './protocol'

/**
 * LinkState: off (not wanted) -> connecting -> up; after a loss waiting -> connecting -> ...
 * "up" means that the server has said welcome, not merely that the socket opened.
 */
export type LinkState = 'off' | 'connecting' | 'up' | 'waiting'

/** Refused is thrown by `ticket` when trying again is pointless, for instance because the agent must sign in. */
export class Refused extends Error {}

export interface LinkOptions<In> {
  /** ticket takes a new one-time ticket and returns it with the socket's address. */
  ticket(): Promise<{ url: string; ticket: string }>
  /** hello returns the first frame of a connection. */
  hello(): object
  frame(frame: In): void
  state(state: LinkState): void
  /** signIn is told that the server wants a new session (close code 4401). */
  signIn?(): void
  /** refused is told that `ticket` threw Refused; the link is off then. */
  refused?(reason: Refused): void
  random?: () => number
}

const WELCOME_WITHIN_MS = 15_000

/** Link keeps one WebSocket to the server: it connects, reconnects with growing random pauses, and says hello. */
export class Link<In extends { t: string }> {
  state: LinkState = 'off'
  private socket: WebSocket | null = null
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly options: LinkOptions<In>) {}

  start(): void {
    if (this.state !== 'off') return
    addEventListener('online', this.hurry)
    document.addEventListener('visibilitychange', this.hurry)
    void this.connect()
  }

  stop(): void {
    removeEventListener('online', this.hurry)
    document.removeEventListener('visibilitychange', this.hurry)
    clearTimeout(this.timer)
    this.abandon()
    this.set('off')
  }

  /** send writes the frame if the server has said welcome, and says whether it did. */
  send(frame: object): boolean {
    if (this.state !== 'up') return false
    this.socket!.send(JSON.stringify(frame))
    return true
  }

  /** hello asks for everything after the cursor once more, on the same connection. */
  hello(): void {
    this.send(this.options.hello())
  }

  /** restart drops a connection that no longer answers and opens another. */
  restart(): void {
    if (this.state === 'off') return
    this.abandon()
    this.retry(retryDelay(this.attempt++, this.options.random))
  }

  private async connect(): Promise<void> {
    this.set('connecting')
    try {
      const { url, ticket } = await this.options.ticket()
      // stop() may have been called while the ticket was on its way.
      if (this.state === 'connecting') this.open(new WebSocket(url, [SUBPROTOCOL, `ticket.${ticket}`]))
    } catch (error) {
      if (this.state !== 'connecting') return
      if (!(error instanceof Refused)) return this.restart()
      this.stop()
      this.options.refused?.(error)
    }
  }

  private open(socket: WebSocket): void {
    this.socket = socket
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.restart(), WELCOME_WITHIN_MS)
    socket.onopen = () => socket.send(JSON.stringify(this.options.hello()))
    socket.onmessage = (event) => this.receive(socket, String(event.data))
    socket.onclose = (event) => this.lost(socket, event.code)
  }

  private receive(socket: WebSocket, data: string): void {
    if (socket !== this.socket) return
    let frame: In
    try {
      frame = JSON.parse(data) as In
    } catch {
      return
    }
    if (frame.t === 'welcome') {
      this.attempt = 0
      clearTimeout(this.timer)
      this.set('up')
    }
    this.options.frame(frame)
  }

  private lost(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return
    this.socket = null
    if (code === CLOSE_SIGN_IN) this.options.signIn?.()
    if (code === CLOSE_RESTART) this.retry(restartDelay(this.options.random))
    else this.retry(retryDelay(this.attempt++, this.options.random))
  }

  private retry(delay: number): void {
    this.set('waiting')
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.connect(), delay)
  }

  /** hurry skips the pause when the network or the user is back. */
  private readonly hurry = () => {
    if (this.state !== 'waiting' || document.visibilityState === 'hidden') return
    clearTimeout(this.timer)
    void this.connect()
  }

  private abandon(): void {
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private set(state: LinkState): void {
    if (state === this.state) return
    this.state = state
    this.options.state(state)
  }
}
