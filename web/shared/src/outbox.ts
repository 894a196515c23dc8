export interface Outgoing {
  t: string
  client_id: string
}

/** Keep is the part of localStorage that the outbox uses. */
export type Keep = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>

interface Item<F> {
  key: string
  frame: F
}

/**
 * Outbox holds what the user sent until the server has acknowledged it, across reloads of the page. Each frame has a
 * storage key of its own, so that two tabs never overwrite each other's frames; if both send the same one, the
 * server recognises its client_id. Without storage (blocked, full) it works from memory.
 */
export class Outbox<F extends Outgoing> {
  private items: Item<F>[]
  private count = 0

  constructor(
    private readonly keep: Keep | null,
    private readonly prefix: string,
  ) {
    this.items = this.load()
  }

  /** frames returns what is not acknowledged yet, in the order it was added. */
  get frames(): F[] {
    return this.items.map((item) => item.frame)
  }

  /** add stores the frame; the order of frames added in one millisecond is kept. */
  add(frame: F, now = Date.now()): void {
    const order = `${now}`.padStart(15, '0') + `${this.count++ % 10_000}`.padStart(4, '0')
    const item = { key: `${this.prefix}${order}.${frame.client_id}`, frame }
    this.items.push(item)
    try {
      this.keep?.setItem(item.key, JSON.stringify(frame))
    } catch {
      // Storage is full or forbidden: the frame still leaves from memory.
    }
  }

  /** settle forgets the frame and returns it, or undefined if it is not (or no longer) here. */
  settle(clientID: string): F | undefined {
    const at = this.items.findIndex((item) => item.frame.client_id === clientID)
    if (at < 0) return undefined
    const [item] = this.items.splice(at, 1)
    try {
      this.keep?.removeItem(item!.key)
    } catch {
      // Nothing to do: a frame that stays in storage is sent again later and recognised by its client_id.
    }
    return item!.frame
  }

  private load(): Item<F>[] {
    const items: Item<F>[] = []
    for (const key of this.storedKeys()) {
      try {
        const frame = JSON.parse(this.keep!.getItem(key) ?? 'null') as F | null
        if (frame?.client_id) items.push({ key, frame })
      } catch {
        // Not ours, or written by an older version: leave it alone.
      }
    }
    return items.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  private storedKeys(): string[] {
    try {
      const all = Array.from({ length: this.keep?.length ?? 0 }, (_, i) => this.keep!.key(i) ?? '')
      return all.filter((key) => key.startsWith(this.prefix))
    } catch {
      return []
    }
  }
}

/** pageStorage returns localStorage, or null where the browser refuses it (third-party frames, privacy settings). */
export function pageStorage(): Storage | null {
  try {
    return window.localStorage
  } catch {
    return null
  }
}
