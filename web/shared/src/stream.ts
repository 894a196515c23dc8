import type { DeltaFrame } from './protocol'

/**
 * Stream puts together the pieces of an answer that is still being written. Offsets count Unicode code points, as
 * the server does, not the UTF-16 units of a JavaScript string.
 */
export class Stream {
  private turn: string | number | null = null
  private points: string[] = []

  get text(): string {
    return this.points.join('')
  }

  /** push applies one piece. A piece that starts beyond what arrived is dropped: the final message has it all. */
  push(delta: DeltaFrame): void {
    if (delta.turn !== this.turn || delta.offset === 0) {
      this.turn = delta.turn
      this.points = []
    }
    if (delta.offset > this.points.length) return
    this.points.length = delta.offset
    this.points.push(...delta.text)
  }

  clear(): void {
    this.turn = null
    this.points = []
  }
}
