// The knowledge manager's story in a real browser against the real server: a file is uploaded and found, a question that
// nobody could answer is answered by an agent, and the published answer reaches the next visitor.
//
// HANDRAIL_BIN=path/to/handrail node ../e2e/knowledge.mjs      (in web/; CHROMIUM names another browser binary)
import assert from 'node:assert/strict'
import { accessible, shoot } from './browser.mjs'
import { play, step } from './play.mjs'
import { heading, signIn, takeUp, until } from './staff.mjs'

const WIDGET = '[data-handrail=widget]'
const QUESTION = 'Which harbour does the lantern museum tram leave from?'
const ANSWER = 'The lantern museum tram leaves from Quay Seven, every hour from nine to five.'
/** UNREACHABLE is an address that the server does not fetch, as it is its own. */
const UNREACHABLE = 'http://127.0.0.1:9/'
const FILE = {
  name: 'gift-engraving.md',
  mimeType: 'text/markdown',
  buffer: Buffer.from(
    '# Gift engraving\n\nWe engrave wooden bowls with up to thirty letters.\n\n' +
      '## Price of an engraving\n\nAn engraving costs 12 EUR and takes two working days.\n',
  ),
}
const BROKEN = { name: 'broken.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 cut off') }
const PAGES = { sources: 'Sources', documents: 'Documents', test: 'Test a question', unanswered: 'Unanswered questions', drafts: 'Drafts' }

await play('knowledge', tell)

async function tell(site, browser) {
  const manager = await browser.page('manager', 1280, 900)
  const agent = await browser.page('second-agent', 1280, 900)
  await uploads(site, manager)
  await testsAQuestion(manager)
  await agentAnswers(site, browser, agent)
  await publishes(manager)
  await visitorGetsTheAnswer(site, browser)
  await onAPhone(manager)
}

async function uploads(site, manager) {
  await step('the knowledge manager signs in and sees the knowledge pages, not the desk', async () => {
    await signIn(site, manager, 'knowledge_manager')
    await heading(manager, 'Sources')
    assert.equal(await manager.getByRole('link', { name: 'Conversations' }).count(), 0, 'links to the desk')
  })
  await step('uploads a file, and learns why another could not be read', async () => {
    await manager.getByLabel('Into collection').fill('engraving')
    await manager.getByLabel('Choose files').setInputFiles([FILE, BROKEN])
    await manager.getByText(/Stored: new 1,/).waitFor()
    await manager.getByRole('listitem').getByText('broken.pdf').waitFor()
    await manager.getByRole('button', { name: 'Copy list' }).waitFor()
  })
  await step('adds an address that the server refuses to reach, and reads why', async () => {
    await manager.getByRole('button', { name: 'Add an address' }).click()
    await manager.getByLabel('A site: the pages linked from this one').check()
    await manager.getByLabel('Address').fill('not an address')
    await manager.getByRole('button', { name: 'Add and read' }).click()
    await manager.getByText(/Enter a whole address/).waitFor()
    await shoot(manager, 'screenshots/20-knowledge-add')
    await accessible(manager, 'The form for a source')
    await manager.getByLabel('Address').fill(UNREACHABLE)
    await manager.getByRole('button', { name: 'Add and read' }).click()
    const card = manager.getByRole('listitem').filter({ hasText: UNREACHABLE })
    await card.getByText(/^Could not be read/).click()
    await card.locator('.failures').getByText(/private network/).waitFor()
    await shoot(manager, 'screenshots/21-knowledge-sources')
    await accessible(manager, 'The sources')
    await card.getByRole('button', { name: /^Remove/ }).click()
    await accessible(manager, 'The question before a removal')
    await manager.getByRole('button', { name: 'Remove source and documents' }).click()
    await manager.getByText(/was removed\.$/).waitFor()
    await card.first().waitFor({ state: 'detached' })
  })
  await step('a page left open over an update of the server loads itself anew', async () => {
    let old = true
    await manager.route(/assets\/DocumentsPage-.*\.js/, (route) => (old ? route.fulfill({ status: 404 }) : route.continue()))
    await manager.route('**/livez', (route) => {
      old = false
      return route.continue()
    })
    await open(manager, 'documents')
    await manager.unrouteAll()
  })
  await step('finds it among the documents and reads its passages', async () => {
    await open(manager, 'documents')
    await manager.getByLabel('Filter by title or source').fill('engraving')
    await manager.getByText(/^Documents: 1 of \d+$/).waitFor()
    await manager.getByLabel('Filter by title or source').fill('')
    await shoot(manager, 'screenshots/22-knowledge-documents')
    await accessible(manager, 'The documents')
    await manager.getByRole('link', { name: 'Gift engraving' }).click()
    await manager.getByText('An engraving costs 12 EUR').waitFor()
    await shoot(manager, 'screenshots/23-knowledge-document')
    await accessible(manager, 'A document')
  })
}

async function testsAQuestion(manager) {
  await step('tests a question and sees what is found, why, and what the bot would say', async () => {
    await open(manager, 'test')
    await manager.getByLabel('Question').fill('How much does an engraving cost?')
    await manager.keyboard.press('Enter')
    await manager.getByText('Passages found:').waitFor()
    await manager.locator('.hit').first().getByRole('link', { name: 'Gift engraving' }).waitFor()
    await manager.locator('.hit').first().getByText('Words in the text').waitFor()
    await manager.getByText(/The base .* answer \(\d+ %\)/).waitFor()
    await manager.getByText('The bot’s answer').waitFor()
    await shoot(manager, 'screenshots/24-knowledge-test')
    await accessible(manager, 'The test of a question')
    await manager.locator('.hit').first().getByRole('link', { name: 'Gift engraving' }).click()
    await manager.locator('[aria-current=true]').getByText(/engrav/).first().waitFor()
  })
}

async function agentAnswers(site, browser, agent) {
  const visitor = await browser.page('asking-visitor', 800, 800)
  await step('a visitor asks what the base does not hold', async () => {
    await ask(site, visitor, QUESTION)
    await visitor.getByText('A person will take over.').waitFor()
  })
  await step('an agent answers, and stays online while looking at the knowledge pages', async () => {
    await signIn(site, agent, 'agent')
    await agent.getByRole('button', { name: 'Online' }).click()
    await takeUp(agent, QUESTION)
    await agent.getByRole('link', { name: 'Knowledge' }).click()
    await heading(agent, 'Sources')
    assert.equal(await agent.getByLabel('Choose files').count(), 0, 'upload boxes of an agent')
    await agent.getByRole('link', { name: 'Conversations' }).click()
    await agent.getByRole('button', { name: 'Online', pressed: true }).waitFor()
    await takeUp(agent, QUESTION)
    await agent.getByRole('textbox', { name: 'Reply' }).fill(ANSWER)
    await agent.keyboard.press('Enter')
    await visitor.getByText('Quay Seven').waitFor()
    await agent.getByRole('button', { name: 'Close', exact: true }).click()
    await visitor.getByRole('group', { name: 'How was this conversation?' }).waitFor()
  })
}

async function publishes(manager) {
  await step('the question stands among the unanswered', async () => {
    await open(manager, 'unanswered')
    const group = manager.locator('.gap').filter({ hasText: 'lantern museum' })
    await group.waitFor()
    await group.getByRole('button', { name: /^Write an answer/ }).click()
    await manager.getByLabel('Answer', { exact: true }).waitFor()
    assert.equal(await manager.getByLabel('Question').inputValue(), QUESTION)
    await shoot(manager, 'screenshots/25-knowledge-unanswered')
    await accessible(manager, 'The unanswered questions')
    await manager.getByRole('button', { name: 'Cancel' }).click()
  })
  await step('the agent’s answer stands among the drafts, and is reviewed and published', async () => {
    const draft = manager.locator('.draft').filter({ hasText: 'lantern museum' })
    await until(async () => {
      await open(manager, 'drafts')
      await manager.getByText(/^Drafts: |There is nothing to review/).first().waitFor()
      return (await draft.count()) === 1
    })
    await draft.getByRole('button', { name: /^Review/ }).click()
    assert.match(await manager.getByLabel('Answer', { exact: true }).inputValue(), /Quay Seven/)
    await shoot(manager, 'screenshots/26-knowledge-draft')
    await accessible(manager, 'The drafts')
    await manager.getByRole('button', { name: 'Publish', exact: true }).click()
    await manager.getByText(/^Published\. Visitors get/).waitFor()
    await manager.getByRole('link', { name: 'Published' }).click()
    await draft.getByText('Quay Seven').waitFor()
  })
}

async function visitorGetsTheAnswer(site, browser) {
  await step('the next visitor gets the answer from the bot', async () => {
    const visitor = await browser.page('next-visitor', 800, 800)
    await ask(site, visitor, QUESTION)
    await visitor.locator(`${WIDGET} .list .row.bot`).getByText('Quay Seven').first().waitFor()
    await shoot(visitor, 'screenshots/27-published-answer')
  })
}

async function onAPhone(manager) {
  await step('every page works in Chinese on a 360 px screen', async () => {
    await manager.getByRole('button', { name: '中文' }).click()
    await manager.setViewportSize({ width: 360, height: 740 })
    for (const name of Object.keys(PAGES)) {
      await manager.locator(`.tabs a[href$="/${name}"]`).click()
      if (name === 'test') await manager.getByLabel('问题').fill('怎么退货？')
      if (name === 'test') await manager.keyboard.press('Enter')
      await manager.locator('main .cards > li, main .document, main .state').first().waitFor()
      if (name === 'test') await manager.locator('main .decision').waitFor()
      assert.equal(await manager.getByText('knowledge.', { exact: false }).count(), 0, `${name} lacks texts`)
      await shoot(manager, `screenshots/28-knowledge-phone-${name}`)
      await accessible(manager, `${name} on a phone`)
      const overflow = await manager.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.equal(overflow, 0, `${name} scrolls sideways at 360 px`)
    }
  })
}

async function open(page, name) {
  await page.locator(`.tabs a[href$="/${name}"]`).click()
  await heading(page, PAGES[name])
}

async function ask(site, visitor, text) {
  await visitor.goto(site.shop)
  await visitor.getByRole('button', { name: 'Open chat' }).click()
  await visitor.getByLabel('Your message').fill(text)
  await visitor.keyboard.press('Enter')
}
