// The story of the desk, in a real browser against the real server: an administrator makes a group and a rule that leads
// to it, its agent is asked and accepts, they exchange files and corrections, a colleague takes over, nobody is there out
// of hours, and a network lets no WebSocket through.
//
// HANDRAIL_BIN=path/to/handrail node ../e2e/desk.mjs      (in web/; CHROMIUM names another browser binary)
import assert from 'node:assert/strict'
import { accessible, shoot } from './browser.mjs'
import { play, step } from './play.mjs'
import { heading, signIn, until } from './staff.mjs'

const WIDGET = '[data-handrail=widget]'
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 740 }
/** MARK keeps this run's group apart from those that another run left in the same database. */
const MARK = String(Date.now()).slice(-5)
const GROUP = `Returns ${MARK}`
const KEYWORD = `refundable${MARK}`
const QUESTION = `Is the mended tractor gearbox ${KEYWORD}?`
const RULES = {
  routing_rules: [
    { keywords: [KEYWORD], action: `assign_to_group('${GROUP}')` },
    { condition: "user_level == 'VIP'", action: 'set_priority(5)' },
  ],
}
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAYCAIAAAAUMWhjAAAFT0lEQVR42g3NkaLDMABA0fc5hUKhUCgUCoVCIRAIBAKBQCAQCAQCg8FgMBgUBoPBoFAYDAYX9lFv5wfOH0uFqJAVqkJXmApb4Sp8RaiIFakiV5SKQ8Wx4lRxrrhUXCvWilvFveJR8azYKvaKV8W74lNBxbf6Y6kRNbJG1egaU2NrXI2vCTWxJtXkmlJzqDnWnGrONZeaa81ac6u51zxqnjVbzV7zqnnXfGqo+da/oEE0yAbVoBtMg21wDb4hNMSG1JAbSsOh4dhwajg3XBquDWvDreHe8Gh4NmwNe8Or4d3waaDh2/yCFtEiW1SLbjEttsW1+JbQEltSS24pLYeWY8up5dxyabm2rC23lnvLo+XZsrXsLa+Wd8unhZZv+ws6RIfsUB26w3TYDtfhO0JH7EgduaN0HDqOHaeOc8el49qxdtw67h2PjmfH1rF3vDreHZ8OOr7dL+gRPbJH9ege02N7XI/vCT2xJ/XkntJz6Dn2nHrOPZeea8/ac+u59zx6nj1bz97z6nn3fHro+fa/YEAMyAE1oAfMgB1wA34gDMSBNJAHysBh4DhwGjgPXAauA+vAbeA+8Bh4DmwD+8Br4D3wGWDgO/yCETEiR9SIHjEjdsSN+JEwEkfSSB4pI4eR48hp5DxyGbmOrCO3kfvIY+Q5so3sI6+R98hnhJHv+AsmxIScUBN6wkzYCTfhJ8JEnEgTeaJMHCaOE6eJ88Rl4jqxTtwm7hOPiefENrFPvCbeE58JJr7TL5gRM3JGzegZM2Nn3IyfCTNxJs3kmTJzmDnOnGbOM5eZ68w6c5u5zzxmnjPbzD7zmnnPfGaY+c6/YEEsyAW1oBfMgl1wC34hLMSFtJAXysJh4bhwWjgvXBauC+vCbeG+8Fh4LmwL+8Jr4b3wWWDhu/wCgRBIgRJogRFYgRN4QRBEQRJkQREcBEfBSXAWXARXwSq4Ce6Ch+Ap2AS74CV4Cz4CBF/xCyRCIiVKoiVGYiVO4iVBEiVJkiVFcpAcJSfJWXKRXCWr5Ca5Sx6Sp2ST7JKX5C35SJB85S9QCIVUKIVWGIVVOIVXBEVUJEVWFMVBcVScFGfFRXFVrIqb4q54KJ6KTbErXoq34qNA8VW/QCM0UqM0WmM0VuM0XhM0UZM0WVM0B81Rc9KcNRfNVbNqbpq75qF5ajbNrnlp3pqPBs1X/wKDMEiDMmiDMViDM3hDMERDMmRDMRwMR8PJcDZcDFfDargZ7oaH4WnYDLvhZXgbPgYMX/MLLMIiLcqiLcZiLc7iLcESLcmSLcVysBwtJ8vZcrFcLavlZrlbHpanZbPslpflbflYsHztL3AIh3Qoh3YYh3U4h3cER3QkR3YUx8FxdJwcZ8fFcXWsjpvj7ng4no7NsTtejrfj48Dxdb/AIzzSozzaYzzW4zzeEzzRkzzZUzwHz9Fz8pw9F8/Vs3punrvn4Xl6Ns/ueXneno8Hz9f/goAIyIAK6IAJ2IAL+EAIxEAK5EAJHALHwClwDlwC18AauAXugUfgGdgCe+AVeAc+AQLf8AsiIiIjKqIjJmIjLuIjIRIjKZIjJXKIHCOnyDlyiVwja+QWuUcekWdki+yRV+Qd+USIfOMvSIiETKiETpiETbiET4RETKRETpTEIXFMnBLnxCVxTayJW+KeeCSeiS2xJ16Jd+KTIPFNvyAjMjKjMjpjMjbjMj4TMjGTMjlTMofMMXPKnDOXzDWzZm6Ze+aReWa2zJ55Zd6ZT4bMN/+CgijIgiroginYgiv4QijEQirkQikcCsfCqXAuXArXwlq4Fe6FR+FZ2Ap74VV4Fz4FCt/yD/vOBEzVFdj7AAAAAElFTkSuQmCC',
  'base64',
)
const SLOW_MS = 60_000

await play('desk', tell)

async function tell(site, browser) {
  const admin = await browser.page('admin', DESKTOP.width, DESKTOP.height)
  const alice = await browser.page('alice', 1440, DESKTOP.height)
  const wei = await browser.page('wei', 1440, DESKTOP.height)
  const visitor = await browser.page('visitor', DESKTOP.width, 860)
  await setsUp(site, admin)
  await rules(admin)
  await isOffered(site, alice, wei, visitor)
  await exchange(alice, visitor)
  await handsOver(alice, wei, visitor)
  await looksUp(alice, admin)
  await outOfHours(site, browser, admin, alice)
  await withoutSockets(site, browser)
  await onAPhone(admin)
}

async function setsUp(site, admin) {
  await step('the administrator makes a group with one agent', async () => {
    await signIn(site, admin, 'admin')
    await admin.getByRole('link', { name: 'Desk settings' }).click()
    await heading(admin, 'Groups')
    await admin.getByRole('button', { name: 'New group' }).click()
    await admin.getByLabel('Name', { exact: true }).fill(GROUP)
    await admin.getByLabel('Who is next').selectOption('skills')
    await admin.getByLabel('Seconds to accept').fill('60')
    await admin.getByRole('checkbox', { name: 'Alice' }).check()
    await shoot(admin, 'screenshots/50-settings-group')
    await accessible(admin, 'The editor of a group')
    await admin.getByRole('button', { name: 'Save' }).click()
    await admin.getByText('Saved.').waitFor()
    await admin.locator('.entry', { hasText: GROUP }).getByText('asks for 60 s').waitFor()
  })
  await step('and says what the agent is good at', async () => {
    await tab(admin, 'Agents')
    await admin.getByRole('button', { name: 'Edit Alice' }).click()
    await admin.getByRole('button', { name: 'Add a skill' }).click()
    await admin.getByLabel(/^Skill \d+$/).last().fill('returns')
    await admin.getByLabel(/^Level of skill/).last().selectOption('4')
    await shoot(admin, 'screenshots/51-settings-agent')
    await accessible(admin, 'The editor of an agent')
    await admin.getByRole('button', { name: 'Save' }).click()
    await admin.getByText('returns, level 4').first().waitFor()
  })
}

async function rules(admin) {
  await step('a rule with a mistake is refused, at its place', async () => {
    await tab(admin, 'Routing rules')
    await admin.getByRole('link', { name: 'Write rules' }).click()
    await heading(admin, 'Edit the rules')
    await admin.getByRole('button', { name: 'JSON' }).click()
    await admin.getByLabel('Rules as JSON').fill(JSON.stringify(RULES))
    await admin.getByRole('button', { name: 'Form' }).click()
    const second = admin.locator('.rule').nth(1)
    await second.getByRole('textbox', { name: /^Condition/ }).fill("user_level = 'VIP'")
    await admin.getByRole('button', { name: 'Check' }).click()
    await second.locator('.problems').getByText(/^condition/).first().waitFor()
    await shoot(admin, 'screenshots/52-rules-mistake')
    await accessible(admin, 'The editor of rules')
    await second.getByRole('textbox', { name: /^Condition/ }).fill("user_level == 'VIP'")
  })
  await step('corrected, moved, tried, stored and put to use', async () => {
    await admin.getByRole('button', { name: 'Move rule 2 up' }).press('Enter')
    await admin.getByText('Rule 2 is now rule 1.').waitFor({ state: 'attached' })
    await admin.getByRole('button', { name: 'Move rule 1 down' }).press('Enter')
    await admin.getByRole('button', { name: 'Try on past conversations' }).click()
    await admin.getByText(/^Tried: \d+/).waitFor()
    await shoot(admin, 'screenshots/53-rules-trial')
    await admin.getByLabel('Note on this version').fill('refunds to their group')
    await admin.getByRole('button', { name: 'Store as a new version' }).click()
    await heading(admin, 'Routing rules')
    await admin.getByRole('button', { name: /^Use version/ }).first().click()
    await admin.getByRole('dialog').getByRole('button', { name: 'Use', exact: true }).click()
    await admin.getByText(/^Version \d+ is in use\.$/).waitFor()
    await shoot(admin, 'screenshots/54-rules-versions')
    await accessible(admin, 'The versions of the rules')
  })
}

async function isOffered(site, alice, wei, visitor) {
  await step('the conversation goes where the rule says: to the agent of the group, who is asked', async () => {
    await signIn(site, alice, 'agent')
    await alice.getByRole('button', { name: 'Online', exact: true }).click()
    await signInAs(site, wei, 'Wei')
    await wei.getByRole('button', { name: 'Online', exact: true }).click()
    await wei.getByRole('button', { name: 'Online', pressed: true }).waitFor()
    await visitor.goto(site.shop)
    await openChat(visitor)
    await say(visitor, QUESTION)
    await handedOff(visitor)
    const offer = alice.getByRole('region', { name: 'Offered to you' })
    await offer.getByText(`for ${GROUP}`).waitFor({ timeout: SLOW_MS })
    await offer.getByText(/\d+ s left/).waitFor()
    assert.match(await alice.title(), /^\(1\)/)
    assert.equal(await wei.getByRole('region', { name: 'Offered to you' }).count(), 0, 'another agent was asked')
    await shoot(alice, 'screenshots/55-desk-offer')
    await accessible(alice, 'The desk with an offer')
    await shoot(visitor, 'screenshots/56-widget-queue')
  })
  await step('she accepts', async () => {
    await alice.getByRole('button', { name: /^Accept the conversation/ }).click()
    await alice.getByRole('log').getByText(KEYWORD).first().waitFor()
    await alice.getByRole('textbox', { name: 'Reply' }).waitFor()
    await visitor.getByText('has joined the conversation').waitFor()
    assert.doesNotMatch(await alice.title(), /^\(/)
  })
}

async function exchange(alice, visitor) {
  await step('a picture of the visitor is seen by the agent, and a file of hers by the visitor', async () => {
    await visitor.locator(`${WIDGET} input[type=file]`).setInputFiles({ name: 'gearbox.png', mimeType: 'image/png', buffer: PICTURE })
    await visitor.locator(`${WIDGET} canvas[aria-label="gearbox.png"]`).waitFor()
    const image = alice.getByRole('log').getByRole('img', { name: 'gearbox.png' })
    await image.waitFor()
    await until(() => image.evaluate((one) => one.complete && one.naturalWidth > 0))
    await alice.locator('.reply input[type=file]').setInputFiles({ name: 'offer.txt', mimeType: 'text/plain', buffer: Buffer.from('We mend it for 40.') })
    const file = visitor.locator(`${WIDGET} .file`, { hasText: 'offer.txt' })
    await file.waitFor()
    const [download] = await Promise.all([visitor.waitForEvent('download'), file.click()])
    assert.equal(download.suggestedFilename(), 'offer.txt')
    await shoot(visitor, 'screenshots/57-widget-files')
    await accessible(visitor, 'The widget with files', WIDGET)
  })
  await step('a file of a forbidden kind is refused in words', async () => {
    await visitor.locator(`${WIDGET} input[type=file]`).setInputFiles({ name: 'tool.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ\u0090\u0000\u0003', 'latin1') })
    await visitor.getByText('tool.exe is of a kind that cannot be sent.').waitFor()
    await visitor.getByRole('button', { name: 'Cancel' }).click()
  })
  await step('both correct what they wrote, and see that it was read', async () => {
    await say(visitor, 'It has eihgt gears')
    const mine = visitor.locator(`${WIDGET} .row.visitor`, { hasText: 'eihgt' })
    await mine.getByRole('button', { name: 'Edit' }).click()
    await visitor.getByLabel('Your message').fill('It has eight gears')
    await visitor.keyboard.press('Enter')
    await alice.getByRole('log').getByText('It has eight gears').waitFor()
    assert.equal(await alice.getByText('eihgt').count(), 0)
    await visitor.getByText('Seen', { exact: true }).waitFor()
    await reply(alice, 'Thanks, wrong wrods')
    await alice.getByRole('button', { name: /^Edit message/ }).last().click()
    await alice.getByRole('textbox', { name: 'Reply' }).fill('Thanks, right words')
    await alice.keyboard.press('Enter')
    await visitor.getByText('Thanks, right words').waitFor()
    await alice.getByRole('log').getByText('Seen', { exact: true }).waitFor()
    await reply(alice, 'not for you')
    await visitor.getByText('not for you').waitFor()
    await alice.getByRole('button', { name: /^Remove message/ }).last().click()
    await alice.getByRole('button', { name: 'Really remove?' }).click()
    await visitor.getByText('This message was removed.').waitFor()
    assert.equal(await visitor.getByText('not for you').count(), 0)
    await shoot(alice, 'screenshots/58-desk-conversation')
    await shoot(visitor, 'screenshots/59-widget-edited')
  })
}

async function handsOver(alice, wei, visitor) {
  await step('a colleague is invited, helps, and leaves', async () => {
    await alice.getByRole('button', { name: 'Invite' }).click()
    await alice.getByRole('combobox', { name: /^Colleague/ }).selectOption({ label: await optionOf(alice, 'Wei') })
    await shoot(alice, 'screenshots/60-desk-invite')
    await accessible(alice, 'The dialog of a handover')
    await alice.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    await wei.getByRole('region', { name: 'Mine' }).getByText('you help').waitFor()
    await wei.getByRole('region', { name: 'Mine' }).locator('[data-row]').first().click()
    await reply(wei, 'Eight gears take a week.')
    await visitor.getByText('Eight gears take a week.').waitFor()
    await wei.getByRole('button', { name: 'Leave' }).click()
    await alice.getByRole('log').getByText('Wei has left.').waitFor()
  })
  await step('she transfers the conversation to him with a note', async () => {
    await alice.getByRole('button', { name: 'Transfer' }).click()
    await alice.getByRole('radio', { name: 'A colleague' }).check()
    await alice.getByRole('combobox', { name: /^Colleague/ }).selectOption({ label: await optionOf(alice, 'Wei') })
    await alice.getByLabel('Note for agents').fill('He knows gearboxes.')
    await alice.getByRole('dialog').getByRole('button', { name: 'Transfer' }).click()
    await wei.getByRole('region', { name: 'Mine' }).locator('[data-row]').first().click()
    await wei.getByRole('log').getByText('He knows gearboxes.').waitFor()
    await wei.getByRole('textbox', { name: 'Reply' }).waitFor()
    await reply(wei, 'I take over from here.')
    await visitor.getByText('I take over from here.').waitFor()
    assert.equal(await visitor.getByText('He knows gearboxes.').count(), 0, 'a note reached the visitor')
  })
}

async function looksUp(alice, admin) {
  await step('the conversation is found by its words, and the visitor is shown beside it', async () => {
    await admin.getByRole('link', { name: 'Conversations' }).click()
    await admin.getByRole('searchbox', { name: 'Search conversations' }).fill(KEYWORD)
    await admin.getByRole('region', { name: 'Found' }).locator('[data-row]').first().click()
    await admin.getByRole('log').getByText(KEYWORD).first().waitFor()
    await admin.getByRole('button', { name: 'Contact' }).click()
    await admin.getByText('Not verified').waitFor()
    await admin.getByText('Time zone').waitFor()
    await shoot(admin, 'screenshots/61-desk-contact')
    await accessible(admin, 'The contact')
  })
}

async function outOfHours(site, browser, admin, alice) {
  const late = await browser.page('late-visitor', 800, 860)
  await step('out of hours a visitor is told when somebody is there, and leaves an address', async () => {
    await closeNow(admin)
    await late.goto(site.shop)
    await openChat(late)
    await say(late, `Do you mend ${MARK} combine harvesters?`)
    await handedOff(late)
    await late.getByText(/Nobody is here right now\./).waitFor({ timeout: SLOW_MS })
    await late.getByText(/We are back /).waitFor()
    await late.getByLabel('Your e-mail address').fill('late@visitor.example')
    await late.getByLabel('Anything to add? (optional)').first().fill('In the evening, please.')
    await shoot(late, 'screenshots/62-widget-out-of-hours')
    await accessible(late, 'The widget out of hours', WIDGET)
    await late.getByRole('button', { name: 'Leave message' }).click()
    await late.getByText('We have your address late@visitor.example.').waitFor()
    await alice.getByRole('region', { name: 'Waiting' }).getByText(/out of hours/).first().waitFor()
    await shoot(alice, 'screenshots/63-desk-out-of-hours')
  })
  await step('the administrator opens again', async () => {
    await admin.getByRole('button', { name: 'Remove default' }).click()
    await admin.getByRole('button', { name: 'Save' }).click()
    await admin.getByText('Saved.').waitFor()
  })
}

/** closeNow makes default hours of one minute a week that is not now. */
async function closeNow(admin) {
  await admin.getByRole('link', { name: 'Desk settings' }).click()
  await tab(admin, 'Business hours')
  await heading(admin, 'Business hours')
  await admin.getByRole('button', { name: 'New business hours' }).click()
  const hours = admin.locator('.entry').last()
  await hours.getByLabel('Name', { exact: true }).fill('default')
  await hours.getByLabel('Time zone').fill('UTC')
  for (let i = 0; i < 4; i++) await hours.getByRole('button', { name: 'Remove time 1' }).click()
  const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7]
  await hours.getByLabel('Day of time 1').selectOption(day)
  await shoot(admin, 'screenshots/64-settings-hours')
  await accessible(admin, 'The business hours')
  await admin.getByRole('button', { name: 'Save' }).click()
  await admin.getByText('Saved.').waitFor()
}

async function withoutSockets(site, browser) {
  const page = await browser.page('polling-visitor', 800, 860)
  await step('where no WebSocket comes up, the chat works by polls', async () => {
    await page.routeWebSocket(/\/ws\/visitor/, (socket) => socket.close({ code: 1011 }))
    const polled = page.waitForResponse((answer) => answer.url().includes('/api/v1/widget/poll') && answer.ok(), { timeout: SLOW_MS })
    await page.goto(site.shop)
    await openChat(page)
    await say(page, 'How long does delivery take?')
    await polled
    await page.locator(`${WIDGET} .list .row.bot .sources a`).first().waitFor({ timeout: SLOW_MS })
    await shoot(page, 'screenshots/65-widget-polling')
  })
}

async function onAPhone(admin) {
  await step('the settings fit a small screen', async () => {
    await admin.setViewportSize(PHONE)
    for (const [name, title] of Object.entries({ groups: 'Groups', agents: 'Agents', routing: 'Routing rules', hours: 'Business hours', sla: 'Waiting times', webhooks: 'Webhooks' })) {
      await tab(admin, title)
      await heading(admin, title)
      await admin.waitForLoadState('networkidle')
      const overflow = await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.equal(overflow, 0, `${title} scrolls sideways at ${PHONE.width} px`)
      await shoot(admin, `screenshots/66-phone-settings-${name}`)
      await accessible(admin, `${title} on a phone`)
    }
    await tab(admin, 'Routing rules')
    await admin.getByRole('link', { name: 'Write rules' }).click()
    await admin.locator('.rule').first().waitFor()
    assert.equal(await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, 'the editor of rules scrolls sideways')
    await shoot(admin, 'screenshots/66-phone-settings-rules')
    await accessible(admin, 'The editor of rules on a phone')
  })
}

/** handedOff asks for a person where the bot has answered by itself. */
async function handedOff(visitor) {
  const told = visitor.getByText('A person will take over.')
  const asked = visitor.getByRole('button', { name: 'Talk to a person' })
  await visitor.locator(`${WIDGET} .list .row.bot`).or(told).first().waitFor({ timeout: SLOW_MS })
  if ((await told.count()) === 0) await asked.click()
  await told.waitFor()
}

async function optionOf(page, name) {
  const option = page.getByRole('dialog').locator('option', { hasText: name })
  await option.waitFor({ state: 'attached' })
  return option.innerText()
}

function tab(page, title) {
  return page.getByRole('navigation', { name: 'Desk settings' }).getByRole('link', { name: title }).click()
}

async function signInAs(site, page, name) {
  await page.goto(site.console)
  const { email, password } = site.users.find((user) => user.name === name)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
}

async function openChat(page) {
  await page.getByRole('button', { name: 'Open chat' }).click()
  await page.getByLabel('Your message').waitFor()
}

async function say(page, text) {
  await page.getByLabel('Your message').fill(text)
  await page.keyboard.press('Enter')
}

async function reply(agent, text) {
  await agent.getByRole('textbox', { name: 'Reply' }).fill(text)
  await agent.keyboard.press('Enter')
}
