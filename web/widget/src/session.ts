import { Refused } from '@handrail/shared/link'
import type { Keep } from '@handrail/shared/outbox'

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
}

export interface SessionOptions {
  /** origin of the Handrail server, e.g. "https://help.example.com". */
  origin: string
  /** key is the public widget key of the page's script tag. */
  key: string
  lang: string
}

/** Session opens the visitor's sessions and remembers who the visitor is on this browser. */
export class Session {
  readonly prefix: string

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

  socketURL(path: string): string {
    return new URL(path, this.options.origin).href.replace(/^http/, 'ws')
  }

  read(name: string): string {
    try {
      return this.keep?.getItem(this.prefix + name) ?? ''
    } catch {
      return ''
    }
  }

  write(name: string, value: string): void {
    try {
      if (value) this.keep?.setItem(this.prefix + name, value)
      else this.keep?.removeItem(this.prefix + name)
    } catch {
      // Without storage the visitor is a new contact on the next page; the chat itself works.
    }
  }

  private post(): Promise<Response> {
    const body = {
      key: this.options.key,
      contact_token: this.read('contact') || undefined,
      lang: this.options.lang,
      page_url: location.href,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }
    return fetch(`${this.options.origin}/api/v1/widget/session`, {
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
