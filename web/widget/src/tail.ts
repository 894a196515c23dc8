import type { Choice, Message } from '@handrail/shared/protocol'
import { render } from '@handrail/shared/markdown'
import type { Chat } from './chat'
import { el } from './dom'
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
    const nodes = [...parts.pending.map((body) => this.pending(body)), this.failure(parts.failure)]
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
      pending: chat.pending.map((frame) => frame.body),
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

  private failure(reason: string): HTMLElement | null {
    if (!reason) return null
    const again = el('button', { type: 'button', click: () => this.chat.repeat() }, this.texts.again)
    return el('div', { class: 'failure', role: 'alert' }, fill(this.texts.notSent, { reason }), ' ', again)
  }

  private answer(text: string): HTMLElement | null {
    if (!text) return null
    const meta = el('div', { class: 'meta' }, el('span', { class: 'name' }, this.texts.bot), el('span', { class: 'ai' }, this.texts.ai))
    return el('div', { class: 'row bot streaming', 'aria-busy': 'true' }, meta, el('div', { class: 'text' }, render(text)))
  }

  private choices(choices: Choice[]): HTMLElement | null {
    if (!choices.length) return null
    const buttons = choices.map(({ id, label }) =>
      el('button', { type: 'button', click: () => this.chat.say(label, id) }, label),
    )
    return el('div', { class: 'chips', role: 'group', 'aria-label': this.texts.choices }, ...buttons)
  }

  private suggestions(suggestions: string[]): HTMLElement | null {
    if (!suggestions.length) return null
    const buttons = suggestions.map((text) => el('button', { type: 'button', click: () => this.chat.say(text) }, text))
    return el('div', { class: 'chips', role: 'group', 'aria-label': this.texts.suggestions }, ...buttons)
  }

  private dots(name: string): HTMLElement | null {
    if (!name) return null
    const label = fill(this.texts.typing, { name })
    return el('div', { class: 'dots', role: 'status' }, el('i'), el('i'), el('i'), el('span', { class: 'hidden' }, label))
  }
}
