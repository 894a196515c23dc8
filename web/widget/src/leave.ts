import { el, show } from './dom'
import type { Texts } from './texts'

/** Leave takes an e-mail address, and more words if there are any, while nobody is on duty. */
export class Leave {
  readonly node: HTMLFormElement
  private readonly email: HTMLInputElement

  constructor(texts: Texts, left: (email: string, body: string) => void) {
    this.email = el('input', { type: 'email', required: true, autocomplete: 'email', maxlength: '254', placeholder: texts.email, 'aria-label': texts.email })
    const body = el('textarea', { rows: '2', maxlength: '8000', placeholder: texts.leaveBody, 'aria-label': texts.leaveBody })
    const submit = (event: Event) => {
      event.preventDefault()
      left(this.email.value.trim(), body.value.trim())
    }
    const button = el('button', { type: 'submit', class: 'primary' }, texts.leaveSend)
    this.node = el('form', { class: 'rating', hidden: true, submit }, el('p', {}, texts.leave), this.email, body, button)
  }

  update(on: boolean, known: string): void {
    if (on && this.node.hidden) {
      this.node.reset()
      this.email.value = known
    }
    show(this.node, on)
  }
}
