import type { Message } from './protocol'

export type Verdict = 'shown' | 'old' | 'gap'

/**
 * Transcript is one conversation as this page has shown it. The server may deliver an entry twice, late, or after
 * others were lost; an entry is taken only if it directly follows the last one, so order holds and nothing repeats.
 */
export class Transcript {
  messages: Message[] = []

  /** cursor is the sequence number of the last entry shown; 0 before the first. */
  get cursor(): number {
    return this.messages.at(-1)?.seq ?? 0
  }

  /**
   * offer takes the entry if it is the next one. On 'gap' the caller asks the server again, from the cursor. The
   * first entry of the server's answer (`resumed`) may leave numbers out: they are entries that are not for this
   * reader, such as notes between agents.
   */
  offer(message: Message, resumed = false): Verdict {
    if (message.seq <= this.cursor) return 'old'
    if (message.seq > this.cursor + 1 && !resumed) return 'gap'
    this.messages.push(message)
    if (message.kind === 'edit') this.revise(message)
    return 'shown'
  }

  clear(): void {
    this.messages = []
  }

  /** revise gives the edited entry its new words; the edit itself stays in the list, for the cursor. */
  private revise({ data, body }: Message): void {
    const at = this.messages.findIndex((one) => one.seq === data?.seq)
    const message = this.messages[at]
    if (!message) return
    this.messages[at] = { ...message, body: data?.removed ? '' : body, revised: data?.removed ? 'removed' : 'edited' }
  }
}
