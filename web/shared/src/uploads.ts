import { newID } from './ids'
import type { MessageData } from './protocol'

/** Attachment is a stored file, as the server describes it; its id goes into the message that sends it. */
export type Attachment = Required<Pick<MessageData, 'attachment' | 'name' | 'media_type' | 'size'>> & Pick<MessageData, 'width' | 'height'>

export interface Upload {
  id: string
  name: string
  /** share of the file that has been sent, 0 to 1. */
  share: number
  trouble: '' | 'tooLarge' | 'unsupported' | 'failed'
  /** limit is the largest size that the server named when it refused a file, or "". */
  limit: string
}

/** Target is where a file goes and what goes with it. Without a token the cookies of the page are sent. */
export interface Target {
  url: string
  token?: string
  conversation?: string
}

const MUCH_BYTES = 10 * 1024 * 1024

/**
 * Uploads are the files on their way to the server; those that failed stay until they are sent again or dismissed. They
 * go by XMLHttpRequest, since fetch cannot tell how far it has come.
 */
export class Uploads {
  items: Upload[] = []
  private readonly files = new Map<string, File>()
  private readonly requests = new Map<string, XMLHttpRequest>()

  constructor(
    private readonly target: () => Target,
    private readonly changed: () => void,
    private readonly stored: (attachment: Attachment) => void,
  ) {}

  add(file: File): void {
    const id = newID()
    this.items = [...this.items, { id, name: file.name, share: 0, trouble: '', limit: '' }]
    this.files.set(id, file)
    this.again(id)
  }

  again(id: string): void {
    const file = this.files.get(id)!
    const { url, token, conversation } = this.target()
    const request = new XMLHttpRequest()
    this.requests.set(id, request)
    request.open('POST', url)
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ loaded, total }) => this.change(id, { share: total && loaded / total })
    request.onload = () => this.answered(id, request)
    // A server that refuses a large file by its announced length may hang up before the browser has sent it all.
    request.onerror = () => this.change(id, { trouble: file.size > MUCH_BYTES ? 'tooLarge' : 'failed' })
    this.change(id, { trouble: '', share: 0 })
    const form = new FormData()
    if (conversation) form.append('conversation', conversation)
    form.append('file', file)
    request.send(form)
  }

  /** remove ends the upload, or takes a failed one off the list. */
  remove(id: string): void {
    this.requests.get(id)?.abort()
    this.requests.delete(id)
    this.files.delete(id)
    this.items = this.items.filter((item) => item.id !== id)
    this.changed()
  }

  private answered(id: string, { status, responseText }: XMLHttpRequest): void {
    if (status < 300) {
      this.remove(id)
      return this.stored(JSON.parse(responseText) as Attachment)
    }
    const trouble = status === 413 ? 'tooLarge' : status === 415 ? 'unsupported' : 'failed'
    this.change(id, { trouble, limit: /\d+ ?[KMG]i?B/.exec(responseText)?.[0] ?? '' })
  }

  private change(id: string, to: Partial<Upload>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...to } : item))
    this.changed()
  }
}

/** fileSize writes a size in the largest unit that leaves at least one. */
export function fileSize(bytes: number): string {
  const kilo = bytes / 1024
  return kilo < 1 ? `${bytes} B` : kilo < 1024 ? `${Math.round(kilo)} KB` : `${(kilo / 1024).toFixed(1)} MB`
}

/** isPicture says whether a file of the type is shown as an image; SVG is a document and may hold scripts. */
export function isPicture(type: string | undefined): boolean {
  return /^image\/(png|jpeg|gif|webp)$/.test(type ?? '')
}
