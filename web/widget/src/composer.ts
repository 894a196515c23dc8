import { el, icon } from './dom'
import type { Texts } from './texts'

const MAX_LENGTH = '8000'
const TALLEST_PX = 140

/** Composer is the input: Enter sends, Shift+Enter starts a line, and Enter that ends an IME word does neither. */
export class Composer {
  readonly node: HTMLFormElement
  private readonly input: HTMLTextAreaElement

  constructor(
    texts: Texts,
    private readonly say: (body: string) => void,
    wrote: () => void,
  ) {
    this.input = el('textarea', {
      rows: '1',
      maxlength: MAX_LENGTH,
      placeholder: texts.placeholder,
      'aria-label': texts.compose,
      enterkeyhint: 'send',
      input: () => {
        this.grow()
        wrote()
      },
      keydown: (event) => this.key(event as KeyboardEvent),
    })
    this.node = el(
      'form',
      { class: 'composer', submit: (event) => this.send(event) },
      this.input,
      el('button', { type: 'submit', class: 'send', 'aria-label': texts.send, title: texts.send }, icon('M3 20l18-8L3 4v6l11 2-11 2z')),
    )
  }

  focus(): void {
    this.input.focus({ preventScroll: true })
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    this.send(event)
  }

  private send(event: Event): void {
    event.preventDefault()
    const body = this.input.value.trim()
    if (!body) return
    this.input.value = ''
    this.grow()
    this.say(body)
  }

  private grow(): void {
    this.input.style.height = 'auto'
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST_PX)}px`
  }
}
