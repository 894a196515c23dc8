import type { DeltaFrame, Message, Place, Sender, State, StateFrame } from '@handrail/shared/protocol'
import { Stream } from '@handrail/shared/stream'
import { Transcript } from '@handrail/shared/transcript'

const TYPING_LASTS_MS = 12_000

/** Thread is one watched conversation. Wrap it in reactive(): every change goes through its fields. */
export class Thread {
  transcript = new Transcript()
  stream = new Stream()
  state: State | null = null
  queue: Place | undefined
  agent: string | undefined
  typing: Sender | null = null
  /** readUpTo is the last entry that the visitor has seen. */
  readUpTo = 0
  private typingUntil = 0

  constructor(readonly id: string) {}

  get cursor(): number {
    return this.transcript.cursor
  }

  /** take shows the entry and says whether the server must be asked for what lies between. */
  take(message: Message): 'shown' | 'old' | 'gap' {
    const verdict = this.transcript.offer(message)
    if (verdict !== 'shown') return verdict
    if (message.sender.kind === 'bot') this.stream.clear()
    if (message.sender.kind === this.typing?.kind) this.typing = null
    return verdict
  }

  delta(frame: DeltaFrame): void {
    this.stream.push(frame)
  }

  setState(frame: Pick<StateFrame, 'state' | 'queue' | 'agent' | 'read'>): void {
    this.setRead(frame.read ?? 0)
    this.state = frame.state
    this.queue = frame.queue
    this.agent = frame.agent?.name
    if (frame.state !== 'bot') this.stream.clear()
  }

  setRead(seq: number): void {
    this.readUpTo = Math.max(this.readUpTo, seq)
  }

  /** setTyping shows the sign; it goes out by itself if the end is never announced. */
  setTyping(sender: Sender | null, now = Date.now()): void {
    this.typing = sender
    this.typingUntil = now + TYPING_LASTS_MS
  }

  tick(now = Date.now()): void {
    if (this.typing && now > this.typingUntil) this.typing = null
  }

  /** lastText is the newest text of visitor, bot or agent; "" before the first. */
  get lastText(): string {
    return this.transcript.messages.findLast((m) => m.kind === 'text' && m.revised !== 'removed')?.body ?? ''
  }

  /** visitorTextsAfter counts what the visitor wrote after the given entry. */
  visitorTextsAfter(seq: number): number {
    return this.transcript.messages.filter((m) => m.seq > seq && m.sender.kind === 'visitor' && ['text', 'file'].includes(m.kind)).length
  }
}
