import type { Outbox, Outgoing } from './outbox'
import type { AckFrame, ErrorFrame, Message } from './protocol'

/** Wire is what the courier needs of a Link. */
export interface Wire {
  send(frame: object): boolean
  restart(): void
}

const ANSWER_WITHIN_MS = 10_000
const TEMPORARY = new Set(['unavailable', 'internal', 'rate_limited', 'timeout'])
const PAUSE_MS = 3_000

/**
 * Courier delivers frames exactly once as the server sees them: it repeats a frame, with the same client_id, after
 * every reconnection until the server acknowledges it, and gives up a connection that stays silent.
 */
export class Courier<F extends Outgoing> {
  private acked: F[] = []
  private readonly echoed = new Set<string>()
  private watchdog: ReturnType<typeof setTimeout> | undefined
  /** pause is set while the server has asked to wait; what is posted meanwhile keeps its place behind the rest. */
  private pause: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly outbox: Outbox<F>,
    private readonly wire: Wire,
    private readonly rejected: (frame: F, reason: ErrorFrame) => void,
  ) {}

  /** post keeps the frame and sends it at once if the connection is up. */
  post(frame: F): void {
    this.outbox.add(frame)
    if (!this.pause && this.wire.send(frame)) this.watch()
  }

  /** flush sends everything unacknowledged again, oldest first; call it after every welcome. */
  flush(): void {
    if (this.pause) return
    for (const frame of this.outbox.frames) this.wire.send(frame)
    this.watch()
  }

  /** unseen are the frames that the page shows as "sending": those without an ack, and texts not yet echoed. */
  get unseen(): F[] {
    return [...this.acked, ...this.outbox.frames]
  }

  /** ack ends the repetition of a frame. A text stays among `unseen` until its message comes back. */
  ack(answer: Pick<AckFrame, 'client_id'>): void {
    const frame = this.outbox.settle(answer.client_id)
    if (!frame) return
    if (frame.t === 'send' && !this.echoed.has(frame.client_id)) this.acked.push(frame)
    this.watch()
  }

  /** echo notes that the frame came back as a message, which proves as much as an ack. */
  echo(message: Pick<Message, 'client_id'>): void {
    this.echoed.add(message.client_id)
    this.acked = this.acked.filter((frame) => frame.client_id !== message.client_id)
    this.ack(message)
  }

  /** fulfilled ends the frames of one type whose wish has visibly come true, acknowledged or not. */
  fulfilled(type: F['t']): void {
    for (const frame of this.outbox.frames) if (frame.t === type) this.outbox.settle(frame.client_id)
    this.watch()
  }

  /** error repeats later what failed for a passing reason and gives back to the caller what the server refused. */
  error(answer: ErrorFrame): void {
    if (!answer.client_id) return
    if (answer.retry_after_ms || TEMPORARY.has(answer.code)) {
      this.wait(answer.retry_after_ms ?? PAUSE_MS)
      return
    }
    const frame = this.outbox.settle(answer.client_id)
    if (frame) this.rejected(frame, answer)
  }

  /** stop ends the timers; the outbox keeps its frames for the next visit. */
  stop(): void {
    clearTimeout(this.watchdog)
    clearTimeout(this.pause)
    this.pause = undefined
  }

  /** wait keeps everything until the server wants it; a silence that it asked for is no reason to reconnect. */
  private wait(ms: number): void {
    clearTimeout(this.watchdog)
    clearTimeout(this.pause)
    this.pause = setTimeout(() => {
      this.pause = undefined
      this.flush()
    }, ms)
  }

  private watch(): void {
    clearTimeout(this.watchdog)
    if (this.outbox.frames.length === 0 || this.pause) return
    this.watchdog = setTimeout(() => this.wire.restart(), ANSWER_WITHIN_MS)
  }
}
