import { render, safeURL, sourceLabel } from '@handrail/shared/markdown'
import type { Citation, Message } from '@handrail/shared/protocol'
import { el } from './dom'
import { fill, type Lang, type Texts } from './texts'

/** Log draws the confirmed messages; it only ever appends, so that screen readers announce each one once. */
export class Log {
  readonly list: HTMLElement
  private count = 0
  private day = ''

  constructor(
    private readonly texts: Texts,
    private readonly lang: Lang,
    private readonly origin: string,
  ) {
    this.list = el('div', { class: 'list', role: 'log', 'aria-live': 'polite', 'aria-label': texts.log })
  }

  /** update appends what is new and says whether anything was. */
  update(messages: Message[]): boolean {
    if (messages.length < this.count) this.clear()
    const fresh = messages.slice(this.count)
    this.count = messages.length
    this.list.append(...fresh.flatMap((message) => this.entry(message)))
    return fresh.length > 0
  }

  private clear(): void {
    this.list.replaceChildren()
    this.count = 0
    this.day = ''
  }

  private entry(message: Message): Node[] {
    const shown = message.kind === 'text' ? this.bubble(message) : this.note(message)
    return shown ? [...this.dayBefore(message), shown] : []
  }

  private dayBefore(message: Message): Node[] {
    const at = new Date(message.at)
    if (at.toDateString() === this.day) return []
    this.day = at.toDateString()
    return [el('div', { class: 'day' }, this.dayName(at))]
  }

  private dayName(at: Date, now = new Date()): string {
    if (at.toDateString() === now.toDateString()) return this.texts.today
    if (at.toDateString() === new Date(now.getTime() - 86_400_000).toDateString()) return this.texts.yesterday
    return at.toLocaleDateString(this.lang, { day: 'numeric', month: 'long', year: 'numeric' })
  }

  private bubble(message: Message): HTMLElement {
    const { sender, data, body } = message
    const mine = sender.kind === 'visitor'
    const time = new Date(message.at).toLocaleTimeString(this.lang, { hour: 'numeric', minute: '2-digit' })
    const name = mine ? this.texts.you : sender.name || this.texts[sender.kind === 'bot' ? 'bot' : 'agent']
    const meta = el('div', { class: 'meta' }, el('span', { class: mine ? 'hidden' : 'name' }, name))
    if (sender.kind === 'bot') meta.append(el('span', { class: 'ai' }, this.texts.ai))
    meta.append(el('time', { datetime: message.at }, time))
    const text = el('div', { class: 'text' }, mine ? body : render(body, data?.citations ?? [], this.origin))
    return el('div', { class: `row ${sender.kind}` }, meta, text, this.sources(data?.citations))
  }

  private sources(citations: Citation[] | undefined): HTMLElement | null {
    if (!citations?.length) return null
    const items = citations.map((citation) => {
      const href = safeURL(citation.url, this.origin)
      const label = sourceLabel(citation, this.texts.page)
      const link = href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label) : el('span', {}, label)
      return el('li', { value: String(citation.n) }, link)
    })
    return el('div', { class: 'sources' }, el('span', {}, this.texts.sources), el('ol', {}, ...items))
  }

  private note(message: Message): HTMLElement | null {
    const text = this.noteText(message)
    return text ? el('div', { class: 'note' }, text) : null
  }

  private noteText({ kind, data, sender }: Message): string | null {
    switch (kind) {
      case 'assigned':
        return fill(this.texts.assigned, { name: data?.name || sender.name || this.texts.agent })
      case 'csat':
        return fill(this.texts.csat, { n: data?.score ?? '' })
      case 'handoff':
      case 'returned':
      case 'closed':
        return this.texts[kind]
      default:
        // The request for a rating shows as the form itself; notes are not for visitors.
        return null
    }
  }
}
