// The whole story in a real browser against the real server: a cited answer, a handoff, an agent's reply, a crash of
// the server in the middle, the close and the rating, and a second visitor in Chinese on a small screen.
//
// HANDRAIL_BIN=path/to/handrail npm run e2e      (in web/; CHROMIUM names another browser binary)
import assert from 'node:assert/strict'
import { accessible, shoot } from './browser.mjs'
import { play, step } from './play.mjs'

const WIDGET = '[data-handrail=widget]'
const RECOVERY_MS = 60_000

await play('story', tell)

async function tell(site, browser, server) {
  const visitor = await browser.page('visitor', 1280, 860)
  const agent = await browser.page('agent', 1440, 900)
  await asksAndGetsAnAnswer(site, visitor)
  await asksTheUnanswerable(visitor)
  await agentTakesOver(site, agent)
  await theyTalk(visitor, agent)
  await theServerCrashes(server, browser, site, visitor, agent)
  await agentCloses(visitor, agent)
  await inChineseOnAPhone(browser, site, agent)
}

async function asksAndGetsAnAnswer(site, visitor) {
  await step('the visitor opens the chat with the keyboard', async () => {
    await visitor.goto(site.shop)
    const launcher = visitor.getByRole('button', { name: 'Open chat' })
    await launcher.waitFor()
    await shoot(visitor, 'screenshots/01-shop')
    await launcher.focus()
    await visitor.keyboard.press('Enter')
    await visitor.locator(`${WIDGET} .greeting`).waitFor()
    assert.equal(await focused(visitor), 'Your message')
    await visitor.keyboard.press('Escape')
    assert.equal(await focused(visitor), 'Open chat')
    await visitor.keyboard.press('Enter')
    await shoot(visitor, 'screenshots/02-widget-open')
    await accessible(visitor, 'The empty widget', WIDGET)
  })
  await step('a question is answered with its sources', async () => {
    await say(visitor, 'How long does delivery take?')
    const answer = lastFrom(visitor, 'bot')
    await answer.locator('.sources a').first().waitFor()
    assert.match(await answer.locator('sup a').first().getAttribute('href'), /^https?:/)
    await citesOnly(answer, /deliver|shipping/i)
    await shoot(visitor, 'screenshots/03-cited-answer')
    await accessible(visitor, 'The widget with an answer', WIDGET)
  })
}

async function asksTheUnanswerable(visitor) {
  await step('an unanswerable question goes to a person, and the visitor is told so', async () => {
    await say(visitor, 'Can you fix the gearbox of my grandfather’s tractor before Friday?')
    await visitor.getByText('A person will take over.').waitFor()
    await visitor.getByText(/You are number 1 in the queue/).waitFor()
    await shoot(visitor, 'screenshots/04-handoff-queue')
  })
}

async function agentTakesOver(site, agent) {
  await step('the agent signs in', async () => {
    await agent.goto(site.console)
    await agent.getByLabel('Password').waitFor()
    await shoot(agent, 'screenshots/05-console-login')
    await accessible(agent, 'The login page')
    const { email, password } = site.users.find(({ role }) => role === 'agent')
    await agent.getByLabel('E-mail').fill(email)
    await agent.getByLabel('Password').fill('not the password')
    await agent.keyboard.press('Enter')
    await agent.getByText('E-mail or password is wrong.').waitFor()
    await agent.getByLabel('Password').fill(password)
    await agent.keyboard.press('Enter')
    await agent.getByRole('region', { name: 'Waiting' }).locator('[data-row]').waitFor()
    await shoot(agent, 'screenshots/06-console-queue')
  })
  await step('the agent goes online and is assigned the conversation, with the evidence', async () => {
    await agent.getByRole('button', { name: 'Online' }).click()
    await agent.getByRole('region', { name: 'Mine' }).locator('[data-row]').click()
    const evidence = agent.getByRole('complementary', { name: 'Evidence' })
    await evidence.getByText('Why a person').waitFor()
    await evidence.getByText(/threshold \d+ %/).first().waitFor()
    await agent.getByRole('log').getByText('gearbox').waitFor()
    await agent.getByRole('log').locator('.bot .sources a').first().waitFor()
    await shoot(agent, 'screenshots/07-console-evidence')
    await accessible(agent, 'The console')
  })
}

async function theyTalk(visitor, agent) {
  await step('agent and visitor talk in real time', async () => {
    await reply(agent, 'Hello, I asked our workshop. **We do not repair tractors**, sorry.')
    await lastFrom(visitor, 'agent').getByText('We do not repair tractors').waitFor()
    await visitor.getByLabel('Your message').pressSequentially('Thank you', { delay: 30 })
    await agent.getByText(/is writing/).waitFor()
    await visitor.keyboard.press('Enter')
    await agent.getByRole('log').getByText('Thank you').waitFor()
    await agent.getByRole('button', { name: 'Note' }).click()
    await agent.getByRole('textbox', { name: 'Note' }).fill('Asked the workshop, nobody there knows tractors.')
    await agent.keyboard.press('Enter')
    await agent.getByRole('log').getByText('nobody there knows').waitFor()
    await agent.getByRole('button', { name: 'Reply' }).click()
    await reply(agent, 'Anything else?')
    await lastFrom(visitor, 'agent').getByText('Anything else?').waitFor()
    assert.equal(await visitor.getByText('nobody there knows').count(), 0, 'a note reached the visitor')
    await shoot(visitor, 'screenshots/08-visitor-with-agent')
    await shoot(agent, 'screenshots/09-console-conversation')
  })
}

async function theServerCrashes(server, browser, site, visitor, agent) {
  const second = await browser.page('second-visitor', 800, 800)
  await second.goto(site.shop)
  await openChat(second)
  await step('the server is killed; what is written meanwhile is kept', async () => {
    await say(second, 'How do I start a return?')
    await server.kill()
    await visitor.getByText('Connection lost.').waitFor()
    await agent.getByText('Connection lost.').waitFor()
    await say(visitor, 'Do you sell tractor posters?')
    await reply(agent, 'One moment, I am looking.')
    await visitor.getByText('Sending…').waitFor()
    await shoot(visitor, 'screenshots/10-visitor-offline')
  })
  await step('it returns, both pages recover by themselves, and everything is there once', async () => {
    const again = await server.start()
    assert.equal(again.shop, site.shop)
    await lastFrom(visitor, 'agent').getByText('I am looking').waitFor({ timeout: RECOVERY_MS })
    await agent.getByRole('log').getByText('tractor posters').waitFor({ timeout: RECOVERY_MS })
    await lastFrom(second, 'bot').locator('.sources a').first().waitFor({ timeout: RECOVERY_MS })
    await citesOnly(lastFrom(second, 'bot'), /\/returns\/|Return/)
    await visitor.getByText('Connection lost.').waitFor({ state: 'hidden', timeout: RECOVERY_MS })
    await agent.getByRole('button', { name: 'Online', pressed: true }).waitFor()
    for (const page of [visitor, agent]) {
      await page.getByText('Sending…').waitFor({ state: 'detached' })
      for (const text of ['Do you sell tractor posters?', 'One moment, I am looking.']) {
        assert.equal(await page.getByRole('log').getByText(text, { exact: true }).count(), 1, text)
      }
    }
    assert.equal(await second.locator(`${WIDGET} .row.visitor`).count(), 1, 'question asked at the crash')
    assert.equal(await second.locator(`${WIDGET} .list .row.bot`).count(), 1, 'answers to it')
    await shoot(visitor, 'screenshots/11-visitor-recovered')
  })
  await step('a reload of the page shows the same conversation', async () => {
    const before = await texts(visitor)
    await visitor.reload()
    await openChat(visitor)
    await visitor.getByRole('log').getByText('I am looking').waitFor()
    assert.deepEqual(await texts(visitor), before)
  })
}

async function agentCloses(visitor, agent) {
  await step('the agent closes, the visitor rates with the keyboard, the console shows it', async () => {
    await agent.getByRole('button', { name: 'Close', exact: true }).click()
    const rating = visitor.getByRole('group', { name: 'How was this conversation?' })
    await rating.waitFor()
    await rating.getByRole('radio', { name: /^1/ }).focus()
    await visitor.keyboard.press('ArrowLeft')
    assert.ok(await rating.getByRole('radio', { name: /^5/ }).isChecked())
    await visitor.getByRole('textbox', { name: 'Anything to add?' }).fill('Friendly, even about tractors.')
    await shoot(visitor, 'screenshots/12-rating')
    await accessible(visitor, 'The rating', WIDGET)
    await visitor.getByRole('button', { name: 'Send rating' }).click()
    await visitor.getByText('You rated this conversation 5 of 5.').waitFor()
    await agent.getByText('The visitor rated the conversation 5 of 5.').waitFor()
    await agent.getByText('even about tractors').waitFor()
    await shoot(agent, 'screenshots/13-console-rated')
  })
}

async function inChineseOnAPhone(browser, site, agent) {
  const phone = await browser.page('phone', 360, 740, 'zh-CN')
  await step('a visitor asks in Chinese on a 360 px screen', async () => {
    await phone.goto(new URL('?lang=zh', site.shop).href)
    await phone.getByRole('button', { name: '打开聊天' }).click()
    await phone.getByLabel('您的消息').fill('怎么退货？')
    await phone.keyboard.press('Enter')
    await lastFrom(phone, 'bot').locator('.sources a').first().waitFor()
    assert.match(await lastFrom(phone, 'bot').locator('.text').innerText(), /\p{Script=Han}/u)
    await citesOnly(lastFrom(phone, 'bot'), /return|退/i)
    await shoot(phone, 'screenshots/14-phone-chinese')
    await accessible(phone, 'The widget on a phone', WIDGET)
  })
  await step('and asks for a person', async () => {
    await agent.getByRole('button', { name: 'Away' }).click()
    await agent.getByRole('button', { name: 'Away', pressed: true }).waitFor()
    await phone.getByLabel('您的消息').fill('转人工')
    await phone.keyboard.press('Enter')
    await phone.getByText(/您排在第 1 位/).waitFor()
    await shoot(phone, 'screenshots/15-phone-queue')
  })
  await step('the console works in Chinese and on a small screen', async () => {
    await agent.getByRole('button', { name: '中文' }).click()
    await agent.getByRole('button', { name: /^接入/ }).click()
    await agent.getByRole('log').getByText('转人工', { exact: true }).waitFor()
    await agent.getByText('转人工的原因').waitFor()
    await shoot(agent, 'screenshots/16-console-chinese')
    await phone.getByText(/已加入对话/).waitFor()
    await agent.setViewportSize({ width: 360, height: 740 })
    await shoot(agent, 'screenshots/17-console-phone')
    await accessible(agent, 'The console on a phone')
    await agent.getByRole('button', { name: '返回列表' }).click()
    await agent.getByRole('region', { name: '我的对话' }).locator('[data-row]').waitFor()
    const overflow = await agent.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.equal(overflow, 0, 'the console scrolls sideways at 360 px')
  })
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

/** lastFrom is the newest confirmed message of a kind of sender in the widget. */
function lastFrom(page, kind) {
  return page.locator(`${WIDGET} .list .row.${kind}`).last()
}

/** citesOnly notes an answer that cites something else than its subject; the rest of the story is told all the same. */
async function citesOnly(answer, subject) {
  for (const source of await answer.locator('.sources a').all()) {
    const name = `${await source.innerText()} (${await source.getAttribute('href')})`
    if (!subject.test(name)) browser.problems.push(`an answer that should be about ${subject} cites ${name}`)
  }
}

function texts(page) {
  return page.locator(`${WIDGET} .list .text`).allInnerTexts()
}

/** focused is the accessible label of what has the focus, in the widget's shadow root or on the page. */
function focused(page) {
  return page.evaluate(() => {
    const active = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement
    return active?.getAttribute('aria-label')
  })
}
