// What members of staff do in every story: sign in, and take up a conversation.
import assert from 'node:assert/strict'

export async function signIn(site, page, role) {
  await page.goto(site.console)
  const { email, password } = site.users.find((user) => user.role === role)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
}

/** heading waits for the page with that heading. */
export function heading(page, name) {
  return page.getByRole('heading', { name, exact: true }).first().waitFor()
}

/** takeUp opens the agent's conversation with the text: another story may have left more in the same database. */
export async function takeUp(agent, text) {
  const rows = agent.getByRole('region', { name: 'Mine' }).locator('[data-row]')
  await until(async () => {
    for (const row of await rows.all()) {
      await row.click()
      const said = agent.getByRole('log').getByText(text)
      if (await said.first().waitFor({ timeout: 1_500 }).then(() => true, () => false)) return true
    }
    return false
  })
}

/** until looks again, once a second, for what happens on the server without being told to this page. */
export async function until(reached) {
  const end = Date.now() + 15_000
  while (!(await reached())) {
    assert.ok(Date.now() < end, 'it did not happen within 15 s')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}
