import type { Chat } from './chat'
import { Composer } from './composer'
import { el, icon, show } from './dom'
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
  private wasUp = false
  /** following: the visitor is reading the newest messages, not looking something up further above. */
  private following = true

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
    lang: Lang,
    origin: string,
    close: () => void,
  ) {
    this.log = new Log(texts, lang, origin)
    this.tail = new Tail(chat, texts)
    this.rating = new Rating(texts, (score, comment) => chat.rate(score, comment))
    this.composer = new Composer(texts, (body) => this.say(body), () => chat.wrote())
    this.title = el('h2', { id: 'title' }, texts.title)
    this.person = el('button', { type: 'button', class: 'person', click: () => chat.askForPerson() }, texts.person)
    this.greetingRow = el('div', { class: 'row bot greeting' }, this.greeting)
    this.scroll = el(
      'div',
      { class: 'scroll', scroll: () => this.scrolled(), tabindex: '0', role: 'region', 'aria-label': texts.log },
      this.greetingRow,
      this.log.list,
      this.tail.node,
      this.rating.node,
    )
    // A phone's keyboard, a banner or a longer input make the room for messages smaller.
    new ResizeObserver(() => this.following && this.toBottom()).observe(this.scroll)
    const closeButton = el('button', { type: 'button', class: 'close', 'aria-label': texts.close, title: texts.close, click: close }, icon('M6 6l12 12M18 6L6 18'))
    const head = el('header', {}, el('div', {}, this.title, this.disclosure), closeButton)
    const foot = el('footer', {}, this.composer.node, this.person)
    this.node = el('section', { class: 'panel', role: 'dialog', 'aria-labelledby': 'title', lang, hidden: true }, head, this.banner, this.queue, this.scroll, foot)
  }

  update(): void {
    this.drawSettings()
    this.drawBanners()
    const fresh = this.log.update(this.chat.transcript.messages)
    const moved = this.tail.update()
    this.rating.update(this.chat.canRate)
    show(this.person, this.chat.state === 'bot' || this.chat.state === 'closed')
    if (this.following && (fresh || moved || this.chat.canRate)) this.toBottom()
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
    const { queue } = this.chat
    if (!queue?.position) return this.texts.queued
    const position = fill(this.texts.position, { n: queue.position })
    if (!queue.wait_s) return position
    const wait = queue.wait_s < 60 ? this.texts.waitShort : fill(this.texts.wait, { m: Math.ceil(queue.wait_s / 60) })
    return `${position} ${wait}`
  }
}

/** put sets the text only when it differs, so that a status is announced once. */
function put(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
  show(node, text !== '')
}
