/** moveBetweenRows moves the focus with the arrow keys, Home and End between the rows below the event's target. */
export function moveBetweenRows(event: KeyboardEvent): void {
  const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.indexOf(event.target as HTMLElement)
  if (at < 0) return
  const next: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }
  const to = rows[next[event.key] ?? -1]
  if (!to) return
  event.preventDefault()
  to.focus()
}
