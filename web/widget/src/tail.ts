import type { Choice, Message } from '@handrail/shared/protocol'
import { render } from '@handrail/shared/markdown'
import type { Upload } from '@handrail/shared/uploads'
import type { Chat } from './chat'
import { button, el } from './dom'
import { fill, type Texts } from './texts'

/** Tail draws what stands below the confirmed messages: texts on their way, the growing answer, choices, typing. */
export class Tail {
  readonly node: HTMLDivElement
  private drawn = ''

  constructor(
    private readonly chat: Chat,
    private readonly texts: Texts,
  ) {
    this.node = el('div', { class: 'tail' })
  }

  /** update draws again if anything differs and says whether it did; an unchanged choice keeps its focus so. */
  update(): boolean {
    const parts = this.parts()
    const key = JSON.stringify(parts)
    if (key === this.drawn) return false
    this.drawn = key
    const nodes = [this.seen(parts.seen), ...parts.pending.map((body) => this.pending(body)), this.failure(parts.failure)]
    nodes.push(...parts.uploads.map((upload) => this.upload(upload)))
    nodes.push(this.answer(parts.stream), this.choices(parts.choices), this.dots(parts.typing))
    nodes.push(this.suggestions(parts.suggestions))
    this.node.replaceChildren(...nodes.filter((node) => node !== null))
    return true
  }

  private parts() {
    const { chat } = this
    const last = chat.transcript.messages.at(-1)
    const empty = !last && chat.pending.length === 0
    return {
      seen: last?.sender.kind === 'visitor' && chat.readUpTo >= last.seq,
      pending: chat.pending.map((frame) => chat.label(frame)),
      uploads: chat.uploads.items,
      failure: chat.rejected?.reason ?? '',
      stream: chat.stream.text,
      choices: chat.pending.length ? [] : this.open(last),
      typing: chat.stream.text ? '' : this.writer(),
      suggestions: empty ? (chat.settings?.suggestions ?? []) : [],
    }
  }

  private open(last: Message | undefined): Choice[] {
    return last?.sender.kind === 'bot' && this.chat.state === 'bot' ? (last.data?.choices ?? []) : []
  }

  private writer(): string {
    const { typing, awaiting } = this.chat
    if (typing) return typing.name || this.texts[typing.kind === 'bot' ? 'bot' : 'agent']
    return awaiting ? this.texts.bot : ''
  }

  private pending(body: string): HTMLElement {
    const meta = el('div', { class: 'meta' }, this.texts.sending)
    return el('div', { class: 'row visitor pending' }, meta, el('div', { class: 'text' }, body))
  }

  private seen(on: boolean): HTMLElement | null {
    return on ? el('div', { class: 'meta seen' }, this.texts.seen) : null
  }

  private upload({ id, name, share, trouble, limit }: Upload): HTMLElement {
    const { texts, chat } = this
    const stop = button(texts.cancel, () => chat.uploads.remove(id))
    if (!trouble) {
      const label = fill(texts.uploading, { name })
      return el('div', { class: 'upload' }, el('span', {}, label), el('progress', { value: share.toFixed(2), 'aria-label': label }), stop)
    }
    const again = trouble === 'failed' ? button(texts.again, () => chat.uploads.again(id)) : null
    const why = fill(texts[trouble], { name, limit: limit && `(≤ ${limit})` })
    return el('div', { class: 'failure', role: 'alert' }, why, ' ', again, ' ', stop)
  }

  private failure(reason: string): HTMLElement | null {
    if (!reason) return null
    return el('div', { class: 'failure', role: 'alert' }, fill(this.texts.notSent, { reason }), ' ', button(this.texts.again, () => this.chat.repeat()))
  }

  private answer(text: string): HTMLElement | null {
    if (!text) return null
    const meta = el('div', { class: 'meta' }, el('span', { class: 'name' }, this.texts.bot), el('span', { class: 'ai' }, this.texts.ai))
    return el('div', { class: 'row bot streaming', 'aria-busy': 'true' }, meta, el('div', { class: 'text' }, render(text)))
  }

  private choices(choices: Choice[]): HTMLElement | null {
    return this.chips(this.texts.choices, choices.map(({ id, label }) => button(label, () => this.chat.say(label, id))))
  }

  private suggestions(suggestions: string[]): HTMLElement | null {
    return this.chips(this.texts.suggestions, suggestions.map((text) => button(text, () => this.chat.say(text))))
  }

  private chips(label: string, buttons: HTMLElement[]): HTMLElement | null {
    return buttons.length ? el('div', { class: 'chips', role: 'group', 'aria-label': label }, ...buttons) : null
  }

  private dots(name: string): HTMLElement | null {
    if (!name) return null
    const label = fill(this.texts.typing, { name })
    return el('div', { class: 'dots', role: 'status' }, el('i'), el('i'), el('i'), el('span', { class: 'hidden' }, label))
  }
}
