import { type Door, Refused } from '@handrail/shared/link'
import type { Keep } from '@handrail/shared/outbox'
import type { Target } from '@handrail/shared/uploads'

export interface Settings {
  title: string
  greeting: string
  disclosure: string
  suggestions: string[] | null
  lang: string
}

interface Opened {
  contact_token: string
  ticket: string
  ws_path: string
  conversation?: string
  settings: Settings
  contact?: { name?: string; email?: string; verified?: boolean }
}

export interface SessionOptions {
  /** origin of the Handrail server, e.g. "https://help.example.com". */
  origin: string
  /** key is the public widget key of the page's script tag. */
  key: string
  lang: string
  /** identity is a token in which the page's own server vouches for who the visitor is. */
  identity?: string
  /** traits are what the page says of the visitor, unproved. */
  traits?: { name?: string; email?: string }
}

/** Session opens the visitor's sessions and remembers who the visitor is on this browser. */
export class Session {
  readonly prefix: string
  /** memory has what storage did not take: without it every reconnection would be another visitor. */
  private readonly memory = new Map<string, string>()

  constructor(
    private readonly options: SessionOptions,
    readonly keep: Keep | null,
  ) {
    this.prefix = `handrail.${options.key}.`
  }

  /** known says whether this browser has talked to this widget before. */
  get known(): boolean {
    return !!this.read('contact')
  }

  /** open takes a new one-time ticket. A contact token that the server no longer knows is dropped. */
  async open(): Promise<Opened> {
    let response = await this.post()
    if (response.status === 401 && this.known) {
      this.write('contact', '')
      this.write('conversation', '')
      response = await this.post()
    }
    if (!response.ok) throw await failure(response)
    const opened = (await response.json()) as Opened
    this.write('contact', opened.contact_token)
    return opened
  }

  /** door names the socket and, for networks that let none through, the polls. */
  door({ ws_path, ticket }: Pick<Opened, 'ws_path' | 'ticket'>): Door {
    const url = new URL(ws_path, this.options.origin).href.replace(/^http/, 'ws')
    return { url, ticket, poll: this.address('poll') }
  }

  /** uploads is where files go. */
  uploads(): Target {
    return { url: this.address('attachments'), token: this.read('contact'), conversation: this.read('conversation') }
  }

  /** file fetches an attachment; only this visitor's token opens it. */
  async file(id: string): Promise<Blob> {
    const headers = { Authorization: `Bearer ${this.read('contact')}` }
    const response = await fetch(`${this.address('attachments')}/${id}`, { credentials: 'omit', headers })
    if (!response.ok) throw await failure(response)
    return response.blob()
  }

  read(name: string): string {
    try {
      return this.keep?.getItem(this.prefix + name) ?? this.memory.get(name) ?? ''
    } catch {
      return this.memory.get(name) ?? ''
    }
  }

  write(name: string, value: string): void {
    this.memory.set(name, value)
    try {
      if (value) this.keep?.setItem(this.prefix + name, value)
      else this.keep?.removeItem(this.prefix + name)
    } catch {
      // Without storage the visitor is a new contact on the next page; the chat itself works.
    }
  }

  private address(route: string): string {
    return `${this.options.origin}/api/v1/widget/${route}`
  }

  private post(): Promise<Response> {
    const { key, lang, identity, traits } = this.options
    const body = {
      key,
      contact_token: this.read('contact') || undefined,
      lang,
      identity,
      traits,
      page_url: location.href,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }
    return fetch(this.address('session'), {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  }
}

/** failure tells a refusal, which a retry would only repeat, from trouble that passes. */
async function failure(response: Response): Promise<Error> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string }
  const reason = problem.detail ?? problem.title ?? `HTTP ${response.status}`
  const passing = response.status >= 500 || response.status === 429 || response.status === 408
  return passing ? new Error(reason) : new Refused(reason)
}
