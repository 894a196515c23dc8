import type { Citation } from './protocol'

/**
 * render turns the small Markdown of answers into DOM nodes: paragraphs, lists, code, bold, links and citation
 * marks such as [1]. It creates elements and text nodes only, never HTML from a string, so whatever a visitor, a
 * document or a model wrote stays text.
 */
export function render(source: string, citations: Citation[] = [], base?: string): DocumentFragment {
  const root = document.createDocumentFragment()
  const ink = new Ink(citations, base)
  let block: Block | null = null
  for (const line of source.replaceAll('\r', '').split('\n')) {
    const next = classify(line, block)
    if (!next) {
      block = null
      continue
    }
    if (!block || block.tag !== next.tag) {
      block = { tag: next.tag, node: document.createElement(next.tag) }
      root.append(block.node)
    }
    if (next.tag === 'pre') block = fence(block, line)
    else addLine(block.node, next, ink)
  }
  return root
}

/** safeURL returns the absolute address if it is http or https, else null. */
export function safeURL(address: string | undefined, base?: string): string | null {
  if (!address) return null
  try {
    const url = new URL(address, base)
    return /^https?:$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

/** sourceLabel names a source by its title, the headings below it and its page: "Returns › How long you have, p. 3". */
export function sourceLabel(source: { title: string; heading?: string; page?: number }, page = 'p. {n}'): string {
  const headings = (source.heading ?? '').split(' > ').filter((heading) => heading && heading !== source.title)
  const path = [source.title, ...headings].join(' › ')
  return source.page ? `${path}, ${page.replace('{n}', String(source.page))}` : path
}

interface Block {
  tag: 'p' | 'ul' | 'ol' | 'pre' | 'blockquote'
  node: HTMLElement
  fenced?: boolean
}

interface Line {
  tag: Block['tag']
  text: string
  bold?: boolean
  start?: number
}

function classify(line: string, open: Block | null): Line | null {
  if (open?.fenced || /^\s*```/.test(line)) return { tag: 'pre', text: line }
  if (!line.trim()) return null
  const bullet = /^\s*[-*•+]\s+(.*)$/.exec(line)
  if (bullet) return { tag: 'ul', text: bullet[1]! }
  const numbered = /^\s*(\d{1,3})[.)]\s+(.*)$/.exec(line)
  if (numbered) return { tag: 'ol', text: numbered[2]!, start: Number(numbered[1]) }
  const quote = /^\s*>\s?(.*)$/.exec(line)
  if (quote) return { tag: 'blockquote', text: quote[1]! }
  const heading = /^#{1,6}\s+(.*)$/.exec(line)
  return { tag: 'p', text: heading?.[1] ?? line, bold: !!heading }
}

/** fence opens or closes a block of code at ``` and takes the lines between as they are; null once it is closed. */
function fence(block: Block, line: string): Block | null {
  if (!/^\s*```/.test(line)) {
    block.node.append(block.node.textContent ? '\n' : '', line)
    return block
  }
  if (block.fenced) return null
  block.fenced = true
  return block
}

function addLine(node: HTMLElement, line: Line, ink: Ink): void {
  if (line.tag === 'ul' || line.tag === 'ol') {
    if (line.tag === 'ol' && !node.firstChild && line.start !== 1) node.setAttribute('start', String(line.start))
    const item = document.createElement('li')
    ink.write(item, line.text)
    node.append(item)
    return
  }
  if (node.firstChild) node.append(document.createElement('br'))
  const into = line.bold ? node.appendChild(document.createElement('strong')) : node
  ink.write(into, line.text)
}

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)|\[(\d{1,2})\]|(https?:\/\/[^\s<>"'`，。；！？、（）)\]]+)/g

class Ink {
  constructor(
    private readonly citations: Citation[],
    private readonly base?: string,
  ) {}

  write(into: Node, text: string): void {
    let done = 0
    for (const match of text.matchAll(INLINE)) {
      into.appendChild(document.createTextNode(text.slice(done, match.index)))
      into.appendChild(this.piece(match))
      done = match.index + match[0].length
    }
    into.appendChild(document.createTextNode(text.slice(done)))
  }

  private piece([all, bold, code, label, href, mark, address]: RegExpMatchArray): Node {
    if (bold) return this.wrap('strong', bold)
    if (code) return plain('code', code)
    if (mark) return this.mark(Number(mark), all)
    const trimmed = address?.replace(/[.,;:!?]+$/, '')
    const link = this.link(href ?? trimmed, label ?? trimmed ?? all)
    if (!link) return document.createTextNode(all)
    if (!address) return link
    const both = document.createDocumentFragment()
    both.append(link, address.slice(trimmed!.length))
    return both
  }

  private wrap(tag: string, text: string): Node {
    const node = document.createElement(tag)
    this.write(node, text)
    return node
  }

  private mark(n: number, all: string): Node {
    const citation = this.citations.find((one) => one.n === n)
    if (!citation) return document.createTextNode(all)
    const sup = document.createElement('sup')
    const link = this.link(citation.url, String(n))
    link?.setAttribute('title', citation.title)
    link?.setAttribute('aria-label', `${n}: ${citation.title}`)
    sup.append(link ?? all)
    return sup
  }

  private link(address: string | undefined, text: string): HTMLAnchorElement | null {
    const href = safeURL(address, this.base)
    if (!href) return null
    const link = plain('a', text) as HTMLAnchorElement
    link.href = href
    link.target = '_blank'
    link.rel = 'noopener noreferrer nofollow'
    return link
  }
}

function plain(tag: string, text: string): HTMLElement {
  const node = document.createElement(tag)
  node.textContent = text
  return node
}
