import type { Place } from '@handrail/shared/protocol'
import type { Chat } from './chat'
import { Composer } from './composer'
import { button, el, icon, show } from './dom'
import { Leave } from './leave'
import { Log } from './log'
import { Rating } from './rating'
import { Tail } from './tail'
import { fill, type Lang, type Texts } from './texts'

const NEAR_BOTTOM_PX = 80

/** Panel is the open chat: heading, messages, banners and input. */
export class Panel {
  readonly node: HTMLElement
  readonly composer: Composer
  private readonly title: HTMLElement
  private readonly disclosure = el('p', { class: 'disclosure' })
  private readonly banner = el('p', { class: 'banner', role: 'status', hidden: true })
  private readonly queue = el('p', { class: 'queue', role: 'status', hidden: true })
  private readonly greeting = el('div', { class: 'text' })
  private readonly greetingRow: HTMLElement
  private readonly person: HTMLButtonElement
  private readonly scroll: HTMLElement
  private readonly log: Log
  private readonly tail: Tail
  private readonly rating: Rating
  private readonly leave: Leave
  private wasUp = false
  /** following: the visitor is reading the newest messages, not looking something up further above. */
  private following = true

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    private readonly lang: Lang,
    origin: string,
    close: () => void,
  ) {
    this.log = new Log(texts, lang, origin, {
      file: (id) => chat.file(id),
      edit: ({ seq, body }) => this.composer.correct(body, (next) => next !== body && chat.edit(seq, next)),
      remove: ({ seq }) => chat.edit(seq, ''),
    })
    this.tail = new Tail(chat, texts)
    this.rating = new Rating(texts, (score, comment) => chat.rate(score, comment))
    this.leave = new Leave(texts, (email, body) => chat.leave(email, body))
    this.composer = new Composer(texts, (body) => this.say(body), () => chat.wrote(), (files) => this.attach(files))
    this.title = el('h2', { id: 'title' }, texts.title)
    this.person = button(texts.person, () => chat.askForPerson(), 'person')
    this.greetingRow = el('div', { class: 'row bot greeting' }, this.greeting)
    this.scroll = el(
      'div',
      { class: 'scroll', scroll: () => this.scrolled(), tabindex: '0', role: 'region', 'aria-label': texts.log },
      this.greetingRow,
      this.log.list,
      this.tail.node,
      this.leave.node,
      this.rating.node,
    )
    // A phone's keyboard, a banner or a longer input make the room for messages smaller.
    new ResizeObserver(() => this.following && this.toBottom()).observe(this.scroll)
    const closeButton = el('button', { type: 'button', class: 'close', 'aria-label': texts.close, title: texts.close, click: close }, icon('M6 6l12 12M18 6L6 18'))
    const head = el('header', {}, el('div', {}, this.title, this.disclosure), closeButton)
    const foot = el('footer', {}, this.composer.node, this.person)
    this.node = el('section', { class: 'panel', role: 'dialog', 'aria-labelledby': 'title', lang, hidden: true }, head, this.banner, this.queue, this.scroll, foot)
    this.node.addEventListener('dragover', (event) => event.dataTransfer?.types.includes('Files') && event.preventDefault())
    this.node.addEventListener('drop', (event) => this.drop(event))
  }

  update(): void {
    this.drawSettings()
    this.drawBanners()
    const fresh = this.log.update(this.chat.transcript.messages)
    const moved = this.tail.update()
    this.rating.update(this.chat.canRate)
    this.leave.update(this.chat.mayLeave, this.chat.email)
    show(this.person, this.chat.state === 'bot' || this.chat.state === 'closed')
    if (this.following && (fresh || moved || this.chat.canRate || this.chat.mayLeave)) this.toBottom()
  }

  toBottom(): void {
    this.scroll.scrollTop = this.scroll.scrollHeight
  }

  private scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX
  }

  private say(body: string): void {
    this.chat.say(body)
    this.toBottom()
  }

  private attach(files: FileList): void {
    for (const file of files) this.chat.uploads.add(file)
    this.toBottom()
  }

  private drop(event: DragEvent): void {
    if (!event.dataTransfer?.files.length) return
    event.preventDefault()
    this.attach(event.dataTransfer.files)
  }

  private drawSettings(): void {
    const { settings } = this.chat
    if (settings?.title) this.title.textContent = settings.title
    this.disclosure.textContent = settings?.disclosure ?? ''
    this.greeting.textContent = settings?.greeting ?? ''
    show(this.greetingRow, !!settings?.greeting)
  }

  private drawBanners(): void {
    const { chat, texts } = this
    this.wasUp ||= chat.linkState === 'up'
    const trouble = this.wasUp ? texts.waiting : texts.connecting
    put(this.banner, chat.refused ? fill(texts.refused, { reason: chat.refused }) : chat.linkState === 'up' ? '' : trouble)
    put(this.queue, chat.state === 'queued' ? this.place() : '')
  }

  private place(): string {
    const { queue, hours } = this.chat
    const at = queue?.position ? fill(this.texts.position, { n: queue.position }) : this.texts.queued
    return `${at} ${hours && !hours.open ? this.shut(hours.opens_at) : queue ? this.wait(queue) : ''}`.trim()
  }

  private shut(opensAt: string | undefined): string {
    if (!opensAt) return this.texts.shut
    const at = new Date(opensAt).toLocaleString(this.lang, { dateStyle: 'full', timeStyle: 'short' })
    return `${this.texts.shut} ${fill(this.texts.opens, { at })}`
  }

  /** wait says how long it may take, and how far off such a guess has been; one that may be all wrong is a bound only. */
  private wait({ wait_s: wait = 0, error_s: error = 0 }: Place): string {
    if (!wait) return ''
    if (wait + error < 60) return this.texts.waitShort
    const m = Math.ceil(wait / 60)
    if (!error) return fill(this.texts.wait, { m })
    if (error >= wait) return fill(this.texts.upTo, { m: Math.ceil((wait + error) / 60) })
    return fill(this.texts.give, { m, e: Math.ceil(error / 60) })
  }
}

/** put sets the text only when it differs, so that a status is announced once. */
function put(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
  show(node, text !== '')
}
