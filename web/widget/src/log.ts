import { render, safeURL, sourceLabel } from '@handrail/shared/markdown'
import { type Citation, EDIT_WITHIN_MS, type Message } from '@handrail/shared/protocol'
import { button, el } from './dom'
import { type Fetch, fileView } from './file'
import { fill, type Lang, type Texts } from './texts'

/** LogActions are what the log asks of the rest: files, and changes of the visitor's own messages. */
export interface LogActions {
  file: Fetch
  edit(message: Message): void
  remove(message: Message): void
}

/** Log draws the confirmed messages; it appends, or draws an edited one anew, so that screen readers hear each once. */
export class Log {
  readonly list: HTMLElement
  private readonly rows = new Map<number, HTMLElement>()
  private count = 0
  private day = ''

  constructor(
    private readonly texts: Texts,
    private readonly lang: Lang,
    private readonly origin: string,
    private readonly actions: LogActions,
  ) {
    this.list = el('div', { class: 'list', role: 'log', 'aria-live': 'polite', 'aria-label': texts.log })
  }

  /** update appends what is new and says whether anything was. */
  update(messages: Message[]): boolean {
    if (messages.length < this.count) this.clear()
    const fresh = messages.slice(this.count)
    this.count = messages.length
    for (const message of fresh) {
      this.list.append(...this.entry(message))
      if (message.kind === 'edit') this.revise(messages.find(({ seq }) => seq === message.data?.seq))
    }
    return fresh.length > 0
  }

  private revise(message: Message | undefined): void {
    const row = message && this.rows.get(message.seq)
    if (row) row.replaceWith(this.bubble(message))
  }

  private clear(): void {
    this.list.replaceChildren()
    this.rows.clear()
    this.count = 0
    this.day = ''
  }

  private entry(message: Message): Node[] {
    const shown = ['text', 'file', 'erased', 'left_message'].includes(message.kind) ? this.bubble(message) : this.note(message)
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
    const { sender, data, revised } = message
    const mine = sender.kind === 'visitor'
    const time = new Date(message.at).toLocaleTimeString(this.lang, { hour: 'numeric', minute: '2-digit' })
    const name = mine ? this.texts.you : sender.name || this.texts[sender.kind === 'bot' ? 'bot' : 'agent']
    const meta = el('div', { class: 'meta' }, el('span', { class: mine ? 'hidden' : 'name' }, name))
    if (sender.kind === 'bot') meta.append(el('span', { class: 'ai' }, this.texts.ai))
    meta.append(el('time', { datetime: message.at }, time))
    if (revised === 'edited') meta.append(el('span', {}, this.texts.edited))
    const row = el('div', { class: `row ${sender.kind}` }, meta, ...this.content(message), this.sources(data?.citations), this.changes(message))
    this.rows.set(message.seq, row)
    return row
  }

  private content({ kind, revised, sender, data, body }: Message): HTMLElement[] {
    if (kind === 'erased' || revised === 'removed') return [el('div', { class: 'text gone' }, this.texts[kind === 'erased' ? kind : 'removed'])]
    const parts = kind === 'file' ? [fileView(data ?? {}, this.actions.file)] : []
    if (kind === 'left_message') parts.push(el('div', { class: 'note' }, fill(this.texts.left_message, { email: data?.email ?? '' })))
    if (body) parts.unshift(el('div', { class: 'text' }, sender.kind === 'visitor' ? body : render(body, data?.citations ?? [], this.origin)))
    return parts
  }

  /** changes are the buttons below the visitor's own text, for as long as the server lets it be changed. */
  private changes(message: Message): HTMLElement | null {
    const left = Date.parse(message.at) + EDIT_WITHIN_MS - Date.now()
    if (message.sender.kind !== 'visitor' || message.kind !== 'text' || message.revised === 'removed' || left <= 0) return null
    const { texts, actions } = this
    const sure = () => (remove.textContent === texts.really ? actions.remove(message) : (remove.textContent = texts.really))
    const remove = button(texts.remove, sure, 'plain')
    const box = el('div', {}, button(texts.edit, () => actions.edit(message), 'plain'), remove)
    setTimeout(() => box.remove(), left)
    return box
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
      case 'joined':
        return fill(this.texts.assigned, { name: data?.name || this.texts.agent })
      case 'left':
      case 'transferred':
        return fill(this.texts[kind], { name: data?.name || data?.group || this.texts.agent })
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
