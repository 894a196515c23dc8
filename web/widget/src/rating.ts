import { el, show } from './dom'
import type { Texts } from './texts'

const SCORES = [1, 2, 3, 4, 5] as const

/** Rating asks for 1 to 5 with native radio buttons, so arrow keys and screen readers work as everywhere. */
export class Rating {
  readonly node: HTMLFormElement

  constructor(texts: Texts, rated: (score: number, comment: string) => void) {
    const options = SCORES.map((score) =>
      el(
        'label',
        { title: texts[`rate${score}`] },
        el('input', { type: 'radio', name: 'score', value: String(score), required: true, 'aria-label': texts[`rate${score}`] }),
        el('span', { 'aria-hidden': 'true' }, String(score)),
      ),
    )
    const comment = el('textarea', { rows: '2', maxlength: '2000', placeholder: texts.comment, 'aria-label': texts.comment })
    this.node = el(
      'form',
      { class: 'rating', submit: (event) => this.submit(event, comment, rated) },
      el('fieldset', {}, el('legend', {}, texts.rate), el('div', { class: 'scores' }, ...options)),
      comment,
      el('button', { type: 'submit', class: 'primary' }, texts.submit),
    )
    show(this.node, false)
  }

  update(on: boolean): void {
    if (on && this.node.hidden) this.node.reset()
    show(this.node, on)
  }

  private submit(event: Event, comment: HTMLTextAreaElement, rated: (score: number, comment: string) => void): void {
    event.preventDefault()
    const score = Number(new FormData(this.node).get('score'))
    if (score) rated(score, comment.value.trim())
  }
}
