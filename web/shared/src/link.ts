import { restartDelay, retryDelay } from './backoff'
import { type Channel, PollSocket } from './poll'
import { CLOSE_RESTART, CLOSE_SIGN_IN, SUBPROTOCOL } from './protocol'

/**
 * LinkState: off (not wanted) -> connecting -> up; after a loss waiting -> connecting -> ...
 * "up" means that the server has said welcome, not merely that the socket opened.
 */
export type LinkState = 'off' | 'connecting' | 'up' | 'waiting'

/** Refused is thrown by `ticket` when trying again is pointless, for instance because the agent must sign in. */
export class Refused extends Error {}

export interface Door {
  url: string
  ticket: string
  poll?: string
}

export interface LinkOptions<In> {
  /** ticket takes a new one-time ticket and returns it with the socket's address, and that of the polls where there are any. */
  ticket(): Promise<Door>
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
/** So many WebSockets in a row that never came up are taken as a network that lets none through. */
const FAILURES_BEFORE_POLLS = 2
const PROBE_EVERY_MS = 3 * 60_000

/**
 * Link keeps one WebSocket to the server: it connects, reconnects with growing random pauses, and says hello. Where no
 * WebSocket comes up it polls, and looks from time to time whether one does by now.
 */
export class Link<In extends { t: string }> {
  state: LinkState = 'off'
  private socket: Channel | null = null
  private attempt = 0
  /** failures counts the WebSockets in a row that were lost before the server's welcome. */
  private failures = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private probeTimer: ReturnType<typeof setTimeout> | undefined

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

  /** polling says that the connection is made of polls, for want of a WebSocket. */
  get polling(): boolean {
    return this.socket instanceof PollSocket
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
    this.count()
    this.abandon()
    this.retry(retryDelay(this.attempt++, this.options.random))
  }

  private async connect(): Promise<void> {
    this.set('connecting')
    try {
      const door = await this.options.ticket()
      // stop() may have been called while the ticket was on its way.
      if (this.state === 'connecting') this.open(this.channel(door))
    } catch (error) {
      if (this.state !== 'connecting') return
      if (!(error instanceof Refused)) return this.restart()
      this.stop()
      this.options.refused?.(error)
    }
  }

  private channel({ url, ticket, poll }: Door): Channel {
    if (!poll || this.failures < FAILURES_BEFORE_POLLS) return webSocket(url, ticket)
    this.probeTimer = setTimeout(() => void this.probe(), PROBE_EVERY_MS)
    return new PollSocket(poll, ticket)
  }

  private open(socket: Channel): void {
    this.socket = socket
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.restart(), WELCOME_WITHIN_MS)
    socket.onopen = () => socket.send(JSON.stringify(this.options.hello()))
    socket.onmessage = (event) => this.receive(socket, String(event.data))
    socket.onclose = (event) => this.lost(socket, event.code)
  }

  /** probe looks, beside the polls that go on, whether a WebSocket opens by now, and moves over to it. */
  private async probe(): Promise<void> {
    const polls = this.socket
    this.probeTimer = setTimeout(() => void this.probe(), PROBE_EVERY_MS)
    const door = await this.options.ticket().catch(() => null)
    if (!door || this.socket !== polls || !this.polling) return
    const socket = webSocket(door.url, door.ticket)
    socket.onopen = () => {
      if (this.socket !== polls) return socket.close()
      this.abandon()
      this.open(socket)
      socket.onopen?.()
    }
  }

  private receive(socket: Channel, data: string): void {
    if (socket !== this.socket) return
    let frame: In
    try {
      frame = JSON.parse(data) as In
    } catch {
      return
    }
    if (frame.t === 'welcome') {
      this.attempt = 0
      if (!this.polling) this.failures = 0
      clearTimeout(this.timer)
      this.set('up')
    }
    this.options.frame(frame)
  }

  private lost(socket: Channel, code: number): void {
    if (socket !== this.socket) return
    // A server that speaks, if only to refuse, is one that a WebSocket reaches.
    if (code !== CLOSE_SIGN_IN && code !== CLOSE_RESTART) this.count()
    this.abandon()
    if (code === CLOSE_SIGN_IN) this.options.signIn?.()
    if (code === CLOSE_RESTART) this.retry(restartDelay(this.options.random))
    else this.retry(retryDelay(this.attempt++, this.options.random))
  }

  /**
   * count notes the end of a connection that never came up; the loss of one that worked says nothing of the network.
   * Where polls fail as well, both ways are tried in turn.
   */
  private count(): void {
    if (!this.socket || this.state !== 'connecting') return
    this.failures = this.polling ? 0 : this.failures + 1
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
    clearTimeout(this.probeTimer)
    socket?.close()
  }

  private set(state: LinkState): void {
    if (state === this.state) return
    this.state = state
    this.options.state(state)
  }
}

function webSocket(url: string, ticket: string): Channel {
  // A browser's handlers are told more than a Link wants to know, which makes their types differ.
  return new WebSocket(url, [SUBPROTOCOL, `ticket.${ticket}`]) as unknown as Channel
}
