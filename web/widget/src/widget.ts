import { pageStorage } from '@handrail/shared/outbox'
import { Chat } from './chat'
import { el, icon, show } from './dom'
import { Panel } from './panel'
import { Session } from './session'
import css from './style.css?inline'
import { fill, type Lang, tables } from './texts'

export interface WidgetOptions {
  origin: string
  key: string
  lang: Lang
  identity?: string
  traits?: { name?: string; email?: string }
}

const CHAT = 'M4 4h16v12H9l-5 4z'
const DOWN = 'M5 9l7 7 7-7'

/** Widget is the launcher and the panel in a shadow root, so that the page's styles and ours do not meet. */
export class Widget {
  readonly host = el('div', { 'data-handrail': 'widget' })
  private readonly chat: Chat
  private readonly panel: Panel
  private readonly launcher: HTMLButtonElement
  private readonly badge = el('span', { class: 'badge', 'aria-hidden': 'true', hidden: true })
  private readonly session: Session
  private readonly texts
  private seen: number

  constructor(options: WidgetOptions) {
    this.texts = tables[options.lang]
    this.session = new Session(options, pageStorage())
    this.seen = Number(this.session.read('seen')) || 0
    this.chat = new Chat(this.session, () => this.update())
    this.panel = new Panel(this.chat, this.texts, options.lang, options.origin, () => this.close())
    this.launcher = el('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', click: () => this.toggle() }, icon(CHAT), this.badge)
    const root = this.host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    root.append(this.panel.node, this.launcher)
    this.panel.node.addEventListener('keydown', (event) => this.key(event))
    this.update()
    // A visitor who has talked before may have an answer waiting; a new one costs the server nothing until the click.
    if (this.session.known) this.chat.start()
  }

  private get isOpen(): boolean {
    return !this.panel.node.hidden
  }

  private toggle(): void {
    if (this.isOpen) this.close()
    else this.open()
  }

  private open(): void {
    this.chat.start()
    show(this.panel.node, true)
    this.launcher.replaceChildren(icon(DOWN), this.badge)
    this.update()
    this.panel.toBottom()
    this.panel.composer.focus()
  }

  private close(): void {
    show(this.panel.node, false)
    this.launcher.replaceChildren(icon(CHAT), this.badge)
    this.update()
    this.launcher.focus()
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.close()
    if (event.key === 'Tab' && this.coversPage) this.wrap(event)
  }

  /** coversPage says that the panel fills a small screen: the page behind is out of sight, so focus stays here. */
  private get coversPage(): boolean {
    return getComputedStyle(this.launcher).display === 'none'
  }

  private wrap(event: KeyboardEvent): void {
    const stops = [...this.panel.node.querySelectorAll<HTMLElement>('a[href],button,textarea,input,[tabindex]')]
    const visible = stops.filter((stop) => stop.offsetParent !== null)
    const leaving = (this.host.shadowRoot as ShadowRoot).activeElement === (event.shiftKey ? visible[0] : visible.at(-1))
    if (!leaving) return
    event.preventDefault()
    ;(event.shiftKey ? visible.at(-1) : visible[0])?.focus()
  }

  private update(): void {
    // The panel reports its first state while this object is still being built.
    if (!this.launcher) return
    if (this.isOpen) this.panel.update()
    this.markSeen()
    const unread = this.chat.transcript.messages.filter((m) => m.seq > this.seen && m.sender.kind !== 'visitor' && ['text', 'file'].includes(m.kind)).length
    show(this.badge, unread > 0)
    this.badge.textContent = String(unread)
    const label = this.isOpen ? this.texts.close : unread ? fill(this.texts.openUnread, { n: unread }) : this.texts.open
    this.launcher.setAttribute('aria-label', label)
    this.launcher.setAttribute('aria-expanded', String(this.isOpen))
    this.host.shadowRoot?.host.toggleAttribute('data-open', this.isOpen)
  }

  private markSeen(): void {
    if (this.chat.transcript.cursor < this.seen) return
    if (!this.isOpen || document.visibilityState === 'hidden') return
    this.chat.read()
    this.seen = this.chat.transcript.cursor
    this.session.write('seen', String(this.seen))
  }
}
