import { flushPromises } from '@vue/test-utils'

/** press clicks the button of that name, as the pages' readers know it. */
export async function press(name: string): Promise<void> {
  const named = (one: HTMLElement) => one.getAttribute('aria-label') ?? one.textContent?.trim()
  const buttons = [...document.querySelectorAll<HTMLElement>('button')]
  const button = buttons.find((one) => named(one) === name)
  if (!button) throw new Error(`no button “${name}” among ${buttons.map(named).join(', ')}`)
  button.click()
  await flushPromises()
}
