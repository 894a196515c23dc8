import { Courier } from '@handrail/shared/courier'
import { newID } from '@handrail/shared/ids'
import { type Door, Link, type LinkState } from '@handrail/shared/link'
import { Outbox } from '@handrail/shared/outbox'
import type { ErrorFrame, FromVisitor, Hours, Message, Place, Sender, State, StateFrame, ToVisitor, VisitorWelcome } from '@handrail/shared/protocol'
import { Stream } from '@handrail/shared/stream'
import { Transcript } from '@handrail/shared/transcript'
import { Uploads } from '@handrail/shared/uploads'
import type { Session, Settings } from './session'

const TYPING_LASTS_MS = 12_000
const TYPING_EVERY_MS = 3_000
const STREAM_LASTS_MS = 20_000

type Send = Extract<FromVisitor, { t: 'send' }>

/** Chat is the visitor's conversation: what arrived, what is on its way, and who is there. It knows no DOM. */
export class Chat {
  readonly transcript = new Transcript()
  readonly stream = new Stream()
  settings: Settings | null = null
  state: State = 'bot'
  queue: Place | undefined
  hours: Hours | undefined
  /** email is what is known of the visitor, to be proposed. */
  email = ''
  /** readUpTo is the last entry that somebody of the staff has read. */
  readUpTo = 0
  agent: string | undefined
  typing: Sender | null = null
  canRate = false
  refused = ''
  rejected: { frame: FromVisitor; reason: string } | null = null
  linkState: LinkState = 'off'
  readonly uploads: Uploads

  private readonly outbox: Outbox<FromVisitor>
  private readonly courier: Courier<FromVisitor>
  private readonly link: Link<ToVisitor>
  private conversation: string
  /** shown is the conversation that the transcript belongs to. */
  private shown: string | undefined
  private storedUpTo = 0
  private typingTimer: ReturnType<typeof setTimeout> | undefined
  private streamTimer: ReturnType<typeof setTimeout> | undefined
  /** asking: a hello waits for its welcome. resumed: the next entry is the first of the server's answer to it. */
  private asking = false
  private resumed = false
  private typingSentAt = -Infinity
  private readSent = 0
  /** names are those of files on their way: their frames have none. */
  private readonly names = new Map<string, string>()

  constructor(
    private readonly session: Session,
    private readonly changed: () => void,
  ) {
    this.conversation = session.read('conversation')
    this.outbox = new Outbox(session.keep, `${session.prefix}out.`)
    this.link = new Link<ToVisitor>({
      ticket: () => this.ticket(),
      hello: () => ({ t: 'hello', conversation: this.conversation || undefined, cursor: this.transcript.cursor }),
      frame: (frame) => this.receive(frame),
      state: (state) => this.note(() => (this.linkState = state)),
      refused: (reason) => this.note(() => (this.refused = reason.message)),
    })
    this.courier = new Courier(this.outbox, this.link, (frame, reason) =>
      this.note(() => (this.rejected = { frame, reason: reason.message })),
    )
    this.uploads = new Uploads(() => session.uploads(), changed, ({ attachment, name }) => {
      this.names.set(attachment, name)
      this.post({ t: 'send', client_id: newID(), kind: 'file', attachment, body: '' })
    })
  }

  start(): void {
    this.link.start()
  }

  stop(): void {
    this.link.stop()
    this.courier.stop()
  }

  /** pending are the visitor's texts that have not come back as messages yet, oldest first. */
  get pending(): Send[] {
    return this.courier.unseen.filter((frame) => frame.t === 'send')
  }

  /** label is what a text on its way shows: its words, or the name of its file. */
  label(frame: Send): string {
    return frame.body || (this.names.get(frame.attachment ?? '') ?? '…')
  }

  /** mayLeave says that nobody is there and the visitor has not left a message for later yet. */
  get mayLeave(): boolean {
    if (this.state !== 'queued' || !this.hours || this.hours.open || !this.hours.leave_message) return false
    const { messages } = this.transcript
    const asked = messages.findLastIndex((message) => message.kind === 'handoff')
    const left = messages.findLastIndex((message) => message.kind === 'left_message')
    return left <= asked && !this.outbox.frames.some((frame) => frame.t === 'leave_message')
  }

  /** file fetches an attachment. */
  file(id: string): Promise<Blob> {
    return this.session.file(id)
  }

  /** awaiting says that the bot owes an answer. */
  get awaiting(): boolean {
    if (this.state !== 'bot' || this.linkState !== 'up') return false
    const last = this.transcript.messages.at(-1)
    return this.pending.length > 0 || (last?.sender.kind === 'visitor' && last.kind === 'text')
  }

  say(body: string, choice?: string): void {
    this.rejected = null
    this.post({ t: 'send', client_id: newID(), body, ...(choice ? { choice } : {}) })
    this.typingSentAt = -Infinity
  }

  /** edit changes one of the visitor's own texts; an empty body removes it. */
  edit(seq: number, body: string): void {
    this.rejected = null
    this.post({ t: 'edit', client_id: newID(), seq, body, ...(body ? {} : { removed: true }) })
  }

  leave(email: string, body: string): void {
    this.post({ t: 'leave_message', client_id: newID(), email, body })
  }

  /** read tells the agents that the visitor has seen the newest of what they wrote. */
  read(): void {
    const seq = this.transcript.messages.findLast(({ sender }) => sender.kind === 'agent')?.seq ?? 0
    if (seq > this.readSent && this.link.send({ t: 'read', seq })) this.readSent = seq
  }

  askForPerson(): void {
    const asked = this.outbox.frames.some((frame) => frame.t === 'person')
    if (!asked) this.post({ t: 'person', client_id: newID() })
  }

  rate(score: number, comment: string): void {
    this.canRate = false
    this.post({ t: 'csat', client_id: newID(), score, ...(comment ? { comment } : {}) })
  }

  /** repeat sends once more, as a new message, what the server had refused. */
  repeat(): void {
    const frame = this.rejected?.frame
    this.rejected = null
    if (frame) this.post({ ...frame, client_id: newID() })
  }

  /** wrote tells the agent that the visitor is writing, at most every few seconds. */
  wrote(now = Date.now()): void {
    if (now - this.typingSentAt < TYPING_EVERY_MS) return
    if (this.link.send({ t: 'typing', on: true })) this.typingSentAt = now
  }

  private post(frame: FromVisitor): void {
    this.courier.post(frame)
    this.changed()
  }

  private async ticket(): Promise<Door> {
    const opened = await this.session.open()
    this.settings = opened.settings
    this.conversation = opened.conversation ?? this.session.read('conversation')
    this.email = opened.contact?.email ?? ''
    this.changed()
    return this.session.door(opened)
  }

  private receive(frame: ToVisitor): void {
    switch (frame.t) {
      case 'welcome':
        this.welcome(frame)
        break
      case 'msg':
        this.take(frame)
        break
      case 'delta':
        this.stream.push(frame)
        clearTimeout(this.streamTimer)
        this.streamTimer = setTimeout(() => this.note(() => this.stream.clear()), STREAM_LASTS_MS)
        break
      case 'typing':
        this.setTyping(frame.on ? frame.sender : null)
        break
      case 'state':
        this.setState(frame)
        break
      case 'read':
        this.readUpTo = Math.max(this.readUpTo, frame.seq)
        break
      case 'ack':
        this.remember(frame.conversation)
        this.courier.ack(frame)
        break
      case 'error':
        this.failed(frame)
    }
    this.changed()
  }

  private welcome(frame: VisitorWelcome): void {
    const other = frame.conversation !== this.shown && this.transcript.cursor > 0
    this.remember(frame.conversation)
    this.storedUpTo = frame.last_seq ?? 0
    this.setState(frame)
    this.readUpTo = frame.read ?? 0
    this.readSent = 0
    this.canRate = !!frame.can_rate
    this.shown = frame.conversation
    this.asking = false
    this.resumed = true
    if (other || this.storedUpTo < this.transcript.cursor) {
      this.transcript.clear()
      this.askAgain()
    }
    this.courier.flush()
  }

  /** failed also covers a stored conversation that the server does not know: the visitor starts a new one. */
  private failed(frame: ErrorFrame): void {
    this.courier.error(frame)
    if (frame.client_id || this.linkState === 'up') return
    this.conversation = ''
    this.session.write('conversation', '')
    this.link.restart()
  }

  private take(message: Message): void {
    const verdict = this.transcript.offer(message, this.resumed)
    if (verdict === 'gap') return this.askAgain()
    this.courier.echo(message)
    if (verdict === 'old') return
    this.resumed = false
    if (message.sender.kind !== 'visitor') this.setTyping(null)
    if (message.sender.kind === 'bot') this.stream.clear()
    if (message.kind === 'csat') this.canRate = false
    if (message.kind === 'csat_request' && message.seq > this.storedUpTo) this.canRate = true
  }

  /** askAgain fetches what is missing, once for a burst of entries beyond the gap. */
  private askAgain(): void {
    if (this.asking) return
    this.asking = true
    this.resumed = false
    this.link.hello()
  }

  private setState(frame: Partial<Omit<StateFrame, 't'>>): void {
    this.state = frame.state ?? 'bot'
    if (frame.can_rate !== undefined) this.canRate = frame.can_rate
    this.queue = frame.queue
    this.hours = frame.hours
    this.agent = frame.agent?.name
    if (this.state !== 'bot') this.stream.clear()
    if (this.state === 'queued' || this.state === 'human') this.courier.fulfilled('person')
  }

  private setTyping(sender: Sender | null): void {
    this.typing = sender
    clearTimeout(this.typingTimer)
    if (sender) this.typingTimer = setTimeout(() => this.note(() => (this.typing = null)), TYPING_LASTS_MS)
  }

  private remember(conversation: string | undefined): void {
    if (!conversation) return
    this.conversation = conversation
    this.shown ??= conversation
    this.session.write('conversation', conversation)
  }

  private note(change: () => void): void {
    change()
    this.changed()
  }
}
