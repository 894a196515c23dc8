type Props = Record<string, string | boolean | EventListener | undefined>
type Child = Node | string | null | undefined

/** el makes one element: functions become listeners, true an empty attribute, false and undefined nothing. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') node.addEventListener(name, value)
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children.filter((child) => child != null))
  return node
}

/** button makes one with a text; the class says how it looks. */
export function button(text: string, click: () => void, look?: string): HTMLButtonElement {
  return el('button', { type: 'button', class: look, click }, text)
}

/** icon draws one 24-unit path in the current text colour; it carries no name of its own for screen readers. */
export function icon(path: string): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS(space, 'path')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}

/** show hides the node from everyone, screen readers included, or brings it back. */
export function show(node: HTMLElement, on: boolean): void {
  node.hidden = !on
}
