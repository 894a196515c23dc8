import { button, el, icon, show } from './dom'
import type { Texts } from './texts'

const MAX_LENGTH = '8000'
const TALLEST_PX = 140

/**
 * Composer is the input: Enter sends, Shift+Enter starts a line, and Enter that ends an IME word does neither. It takes
 * files by its button and from the clipboard, and an earlier message for correction.
 */
export class Composer {
  readonly node: HTMLFormElement
  private readonly input: HTMLTextAreaElement
  private readonly picker: HTMLInputElement
  private readonly notice: HTMLElement
  /** corrects is told the new words while an earlier message is being changed. */
  private corrects: ((body: string) => void) | null = null
  private draft = ''

  constructor(
    texts: Texts,
    private readonly say: (body: string) => void,
    wrote: () => void,
    private readonly attach: (files: FileList) => void,
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
      paste: (event) => this.paste(event as ClipboardEvent),
    })
    this.picker = el('input', { type: 'file', multiple: true, hidden: true, change: () => this.picked() })
    const attachButton = el('button', { type: 'button', class: 'tool', 'aria-label': texts.attach, title: texts.attach, click: () => this.picker.click() }, icon('M8 12l6-6a3 3 0 0 1 5 5l-9 9a5 5 0 0 1-7-7l9-9'))
    this.notice = el('div', { class: 'editing', role: 'status', hidden: true }, texts.editing, button(texts.cancel, () => this.done(), 'plain'))
    this.node = el(
      'form',
      { class: 'composer', submit: (event) => this.send(event) },
      this.notice,
      this.picker,
      attachButton,
      this.input,
      el('button', { type: 'submit', class: 'send', 'aria-label': texts.send, title: texts.send }, icon('M3 20l18-8L3 4v6l11 2-11 2z')),
    )
  }

  focus(): void {
    this.input.focus({ preventScroll: true })
  }

  /** correct puts an earlier message into the input; what was being written comes back afterwards. */
  correct(body: string, corrects: (body: string) => void): void {
    if (!this.corrects) this.draft = this.input.value
    this.corrects = corrects
    this.put(body)
    show(this.notice, true)
    this.focus()
  }

  private done(): void {
    this.corrects = null
    this.put(this.draft)
    this.draft = ''
    show(this.notice, false)
    this.focus()
  }

  private put(text: string): void {
    this.input.value = text
    this.grow()
  }

  private picked(): void {
    if (this.picker.files) this.attach(this.picker.files)
    this.picker.value = ''
    this.focus()
  }

  private paste(event: ClipboardEvent): void {
    const files = event.clipboardData?.files
    if (!files?.length) return
    event.preventDefault()
    this.attach(files)
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.corrects) {
      // The panel would close.
      event.stopPropagation()
      this.done()
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    this.send(event)
  }

  private send(event: Event): void {
    event.preventDefault()
    const body = this.input.value.trim()
    if (!body) return
    const { corrects } = this
    if (corrects) {
      this.done()
      return corrects(body)
    }
    this.put('')
    this.say(body)
  }

  private grow(): void {
    this.input.style.height = 'auto'
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST_PX)}px`
  }
}
