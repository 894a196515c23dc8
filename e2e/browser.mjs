// The browser: Debian's Chromium through playwright-core, with what every page of the story needs.
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

// The packages live in web/, next to the code that is tested.
const require = createRequire(new URL('../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const PATIENCE_MS = 15_000

export class Browser {
  #browser
  #pages = []
  /** problems are script errors and violations of the content security policy on any page, and wrong answers. */
  problems = []

  static async launch() {
    const browser = new Browser()
    browser.#browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ARGS })
    return browser
  }

  /** page opens a visitor's or agent's own window: nothing is shared with the others. */
  async page(name, width, height, locale = 'en-GB') {
    const context = await this.#browser.newContext({ viewport: { width, height }, locale, reducedMotion: 'reduce' })
    context.setDefaultTimeout(PATIENCE_MS)
    const page = await context.newPage()
    page.on('pageerror', (error) => this.problems.push(`${name}: ${error.stack ?? error.message}`))
    page.on('console', (line) => {
      if (/Content Security Policy/i.test(line.text())) this.problems.push(`${name}: ${line.text()}`)
    })
    this.#pages.push([name, page])
    return page
  }

  /** saveAll keeps a picture of every page, for whoever has to find out why the story broke off. */
  async saveAll() {
    for (const [name, page] of this.#pages) await shoot(page, `results/${name}`).catch(() => {})
  }

  async close() {
    await this.#browser.close()
  }
}

export async function shoot(page, name) {
  const path = fileURLToPath(new URL(`${name}.png`, import.meta.url))
  await mkdir(fileURLToPath(new URL('.', `file://${path}`)), { recursive: true })
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
}

/** accessible fails if axe-core finds a serious or critical violation in the part of the page that is ours. */
export async function accessible(page, what, include = 'html') {
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const { violations } = await page.evaluate((selector) => globalThis.axe.run({ include: [[selector]] }), include)
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  if (bad.length === 0) return
  const lines = bad.flatMap(({ id, help, nodes }) => [`${id}: ${help}`, ...nodes.map((node) => `    ${node.target}  ${node.html}`)])
  throw new Error(`${what} is not accessible:\n${lines.join('\n')}`)
}
