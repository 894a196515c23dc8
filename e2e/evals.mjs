// The story of getting better on purpose, in a real browser against the real server: a knowledge manager teaches the bot
// a new intent and takes it back, an agent says what the bot should have done, and the cases prove what it does now.
//
// HANDRAIL_BIN=path/to/handrail node ../e2e/evals.mjs      (in web/; CHROMIUM names another browser binary)
import assert from 'node:assert/strict'
import { accessible, shoot } from './browser.mjs'
import { play, step } from './play.mjs'
import { heading, signIn, takeUp } from './staff.mjs'

const WIDGET = '[data-handrail=widget]'
const QUESTION = 'Does the lighthouse keeper sell postcards of the harbour?'
const ENGRAVING = [
  'can you engrave a name on the bowl',
  'I want initials cut into the lid',
  'do you do engravings',
  'please carve a date into the wood',
  'how many letters fit on an engraving',
  'engrave the box with our wedding day',
  'is lettering on the handle possible',
  'could you put my daughter’s name on it with a laser',
  'what fonts do you offer for engraving',
  'I would like a short text burnt into the board',
]
/** TAKEN is an example of another intent of the sample shop, and stands on line 3. */
const TAKEN = 'where is my order'
const MISTAKEN = [...ENGRAVING.slice(0, 2), TAKEN, ...ENGRAVING.slice(2)]
const jsonl = (texts) => texts.map((text) => `${JSON.stringify({ text, intent: 'engraving', lang: 'en' })}\n`).join('')
const FILE = { name: 'engraving.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from(jsonl(MISTAKEN)) }
/** SLOW_MS is the patience with what trains models, on a machine that does other things as well. */
const SLOW_MS = 180_000
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 740 }
const INTENTS = { versions: 'Intents', train: 'Train', try: 'Try a message', suggestions: 'Suggestions' }
const EVALS = { runs: 'Runs', cases: 'Cases', calibration: 'Calibration' }

await play('evals', tell)

async function tell(site, browser) {
  const manager = await browser.page('manager', DESKTOP.width, DESKTOP.height)
  const agent = await browser.page('agent', DESKTOP.width, DESKTOP.height)
  const was = await versionInUse(site, manager)
  const next = await trains(manager)
  await compares(manager, was, next)
  await tries(manager)
  await agentJudges(site, browser, agent)
  await runsTheCases(manager)
  await calibrates(manager)
  await onAPhone(manager)
}

/** versionInUse returns its number: another story may have had more than one in the same database. */
async function versionInUse(site, manager) {
  return step('the knowledge manager sees the intents and the version in use', async () => {
    await signIn(site, manager, 'knowledge_manager')
    await manager.getByRole('link', { name: 'Intents', exact: true }).click()
    await heading(manager, 'Intents')
    const row = await manager.getByRole('row', { name: /in use/ }).textContent()
    await accessible(manager, 'The versions')
    return parseInt(row, 10)
  })
}

/** trains returns the number of the version that comes of it. */
async function trains(manager) {
  await step('uploads examples with a mistake, and is led to its line', async () => {
    await open(manager, 'train', INTENTS)
    await manager.getByLabel('Choose a file').setInputFiles(FILE)
    await manager.getByText(/^Intents: .*Mistakes: [1-9]/).waitFor({ timeout: SLOW_MS })
    const finding = manager.locator('.findings li.error').first()
    await finding.getByRole('button', { name: 'Line 3' }).click()
    const box = manager.getByLabel('Examples', { exact: true })
    const selected = await box.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd))
    assert.equal(JSON.parse(selected).text, TAKEN)
    assert.ok(await manager.getByRole('button', { name: 'Train', exact: true }).isDisabled(), 'training with mistakes')
    await shoot(manager, 'screenshots/30-intents-mistake')
    await accessible(manager, 'The check of examples')
  })
  return step('corrects it, and trains with a progress bar', async () => {
    await manager.getByLabel('Examples', { exact: true }).fill(jsonl(ENGRAVING))
    await manager.getByLabel('Note').fill('engravings')
    await manager.getByRole('button', { name: 'Train', exact: true }).click()
    await manager.getByText('The training has begun.').waitFor({ timeout: SLOW_MS })
    await manager.getByRole('progressbar', { name: 'Progress of the training' }).waitFor()
    await shoot(manager, 'screenshots/31-intents-training')
    const trained = manager.getByText(/^Version \d+ is trained\./)
    await trained.waitFor({ timeout: SLOW_MS })
    await accessible(manager, 'A training')
    return parseInt((await trained.textContent()).replace(/\D+/, ''), 10)
  })
}

async function compares(manager, was, next) {
  await step('compares it with the version in use', async () => {
    await manager.getByRole('link', { name: `Compare version ${next} with version ${was}` }).click()
    await heading(manager, 'Compare two versions')
    await manager.getByRole('region', { name: 'By intent, largest change first' }).getByRole('row', { name: /engraving/ }).waitFor({ timeout: SLOW_MS })
    await shoot(manager, 'screenshots/32-intents-compare')
    await accessible(manager, 'The comparison')
    await manager.getByRole('button', { name: '中文' }).click()
    await manager.setViewportSize(PHONE)
    await fits(manager, 'intents-compare')
    await manager.getByRole('button', { name: 'English' }).click()
    await manager.setViewportSize(DESKTOP)
  })
  await step('activates it, and rolls back', async () => {
    await manager.getByRole('button', { name: `Activate version ${next}` }).click()
    await accessible(manager, 'The question before an activation')
    await manager.getByRole('dialog').getByRole('button', { name: `Activate version ${next}` }).click()
    await manager.getByText(`Version ${next} is in use now.`).waitFor()
    await open(manager, 'versions', INTENTS)
    await manager.getByRole('row', { name: `${next} in use` }).waitFor()
    await shoot(manager, 'screenshots/33-intents-versions')
    await manager.getByRole('button', { name: `Roll back to version ${was}` }).click()
    await manager.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await manager.getByRole('row', { name: `${next} in use` }).waitFor()
    await manager.getByRole('button', { name: `Roll back to version ${was}` }).click()
    await manager.getByRole('dialog').getByRole('button', { name: `Roll back to version ${was}` }).click()
    await manager.getByRole('row', { name: `${was} in use` }).waitFor()
  })
}

async function tries(manager) {
  await step('tries a message and sees intent, alternatives and details', async () => {
    await open(manager, 'try', INTENTS)
    await manager.getByLabel('Message').fill('Where is my order HP-30112456? Let me talk to a human, please.')
    await manager.keyboard.press('Enter')
    await manager.locator('mark').getByText('HP-30112456').waitFor()
    await manager.getByText('Asks for a person').waitFor()
    await manager.getByText('Outside our subjects').first().waitFor()
    await shoot(manager, 'screenshots/34-intents-try')
    await accessible(manager, 'A trial')
  })
}

async function agentJudges(site, browser, agent) {
  const visitor = await browser.page('visitor', 800, 800)
  await step('a visitor asks what the bot does not know, and an agent takes up', async () => {
    await visitor.goto(site.shop)
    await visitor.getByRole('button', { name: 'Open chat' }).click()
    await visitor.getByLabel('Your message').fill(`${QUESTION} Mail me at kim@mail.example.`)
    await visitor.keyboard.press('Enter')
    await visitor.locator(WIDGET).getByText('A person will take over.').waitFor()
    await signIn(site, agent, 'agent')
    assert.equal(await agent.getByRole('link', { name: 'Intents', exact: true }).count(), 0, 'links of an agent to the intents')
    await agent.getByRole('button', { name: 'Online' }).click()
    await takeUp(agent, 'lighthouse keeper')
  })
  await step('the agent says whether the bot would have been right, and thinks again', async () => {
    const verdict = agent.getByRole('group', { name: 'Would the bot’s answer have been right?' }).first()
    await verdict.getByRole('button', { name: 'Yes' }).click()
    await verdict.getByText('Kept.').waitFor()
    await verdict.getByRole('button', { name: 'No' }).click()
    await verdict.getByRole('button', { name: 'No', pressed: true }).waitFor()
    await verdict.getByText('Kept.').waitFor()
    await shoot(agent, 'screenshots/35-desk-verdict')
    await agent.reload()
    await takeUp(agent, 'lighthouse keeper')
    await verdict.getByRole('button', { name: 'No', pressed: true }).waitFor()
    await accessible(agent, 'A verdict')
  })
  await step('the agent makes a case of the turn in two clicks, personal data masked', async () => {
    const turn = agent.locator('.turn').first()
    await turn.getByRole('button', { name: /^Make a case/ }).click()
    const dialog = agent.getByRole('dialog', { name: 'A new case' })
    assert.match(await dialog.getByLabel('Question').inputValue(), /lighthouse keeper/)
    assert.equal(await dialog.getByLabel('What the bot should do').inputValue(), 'handoff')
    await shoot(agent, 'screenshots/36-desk-case')
    await accessible(agent, 'The dialog of a new case')
    await dialog.getByRole('button', { name: 'Keep the case' }).click()
    const kept = turn.getByText(/^Kept as/)
    await kept.waitFor()
    assert.doesNotMatch(await kept.textContent(), /kim@mail/, 'the question as it was kept')
  })
}

async function runsTheCases(manager) {
  await step('the manager finds the case, tags it, and runs the cases', async () => {
    await manager.getByRole('link', { name: 'Evals', exact: true }).click()
    await open(manager, 'cases', EVALS)
    const card = manager.locator('.case').filter({ hasText: 'lighthouse keeper' })
    await card.waitFor()
    assert.doesNotMatch(await card.textContent(), /kim@mail/, 'the case')
    await card.getByRole('button', { name: /^Edit/ }).click()
    await manager.getByLabel('Tags').fill('postcards')
    await accessible(manager, 'The form of a case')
    await manager.getByRole('button', { name: 'Save' }).click()
    await card.getByText('#postcards').waitFor()
    await shoot(manager, 'screenshots/37-evals-cases')
    await accessible(manager, 'The cases')
    await runOnce(manager, 1)
  })
  await step('the next run draws a trend, and a case that fails says why', async () => {
    await open(manager, 'cases', EVALS)
    await manager.locator('.case').getByRole('button', { name: /^Edit/ }).click()
    await manager.getByLabel('What the bot should do').selectOption('answer')
    await manager.getByRole('button', { name: 'Save' }).click()
    await manager.getByText('Saved.').waitFor()
    await runOnce(manager, 2)
    await manager.getByRole('img', { name: /^Trend over 2 runs/ }).waitFor()
    await shoot(manager, 'screenshots/38-evals-runs')
    await accessible(manager, 'The runs')
    await manager.locator('main .cards a').first().click()
    const failed = manager.locator('.result').filter({ hasText: 'lighthouse keeper' })
    await failed.getByText('Expected: Answered').waitFor()
    await shoot(manager, 'screenshots/39-evals-run')
    await accessible(manager, 'A run')
  })
}

async function calibrates(manager) {
  await step('the verdict counts as a label, and too few labels are not fitted', async () => {
    await open(manager, 'calibration', EVALS)
    await manager.locator('.entry').filter({ hasText: 'Verdicts of agents' }).getByText('1', { exact: true }).waitFor()
    await manager.getByRole('row', { name: /^0 in use/ }).waitFor()
    await manager.getByRole('button', { name: 'Fit to the labels' }).click()
    await manager.getByRole('alert').getByText(/^Nothing was fitted/).waitFor()
    await shoot(manager, 'screenshots/40-evals-calibration')
    await accessible(manager, 'The calibration')
  })
}

async function onAPhone(manager) {
  await step('every page works in Chinese on a 360 px screen', async () => {
    await manager.getByRole('button', { name: '中文' }).click()
    await manager.setViewportSize(PHONE)
    await manager.getByRole('link', { name: '意图', exact: true }).click()
    for (const name of Object.keys(INTENTS)) await phone(manager, 'intents', name)
    await manager.getByRole('link', { name: '评测', exact: true }).click()
    for (const name of Object.keys(EVALS)) await phone(manager, 'evals', name)
    await manager.locator('.tabs a[href$="/runs"]').click()
    await manager.locator('main .cards a').first().click()
    await manager.locator('.result').first().waitFor()
    await fits(manager, 'evals-run')
  })
}

async function phone(manager, area, name) {
  await manager.locator(`.tabs a[href$="/${name}"]`).click()
  await manager.locator(`.tabs a.current[href$="/${name}"]`).waitFor()
  if (name === 'try') await manager.getByLabel('消息').fill('我的订单 HP-30112456 到哪里了？')
  if (name === 'try') await manager.keyboard.press('Enter')
  await manager.locator('main .cards > li, main tbody tr, main .state, main mark').first().waitFor()
  await fits(manager, `${area}-${name}`)
}

async function fits(manager, name) {
  assert.doesNotMatch(await manager.locator('body').innerText(), /\b(intents|evals|pages)\.[a-z]/, `${name} lacks texts`)
  await shoot(manager, `screenshots/41-phone-${name}`)
  await accessible(manager, `${name} on a phone`)
  const overflow = await manager.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.equal(overflow, 0, `${name} scrolls sideways at 360 px`)
}

/** runOnce runs the cases, and waits until so many runs are done. */
async function runOnce(manager, runs) {
  await open(manager, 'runs', EVALS)
  await manager.getByText(/^Runs: |^Nothing has been run yet/).first().waitFor()
  await manager.getByRole('button', { name: 'Run now' }).click()
  await manager.getByText(/\d+ of \d+ passed/).nth(runs - 1).waitFor({ timeout: SLOW_MS })
}

async function open(page, name, pages) {
  await page.locator(`.tabs a[href$="/${name}"]`).click()
  await heading(page, pages[name])
}
