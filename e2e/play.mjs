// Tells a story: a server of its own with the sample shop, a browser, and what to print and to keep when it breaks off.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Browser } from './browser.mjs'
import { Server } from './server.mjs'

/** play runs tell(site, browser, server), and sets the exit code if it fails or a page had problems. */
export async function play(name, tell) {
  const started = Date.now()
  const data = await mkdtemp(join(tmpdir(), 'handrail-e2e-'))
  // A server that runs as root gives its private database to another user, who must be able to reach the folder.
  await chmod(data, 0o711)
  const server = new Server(resolve(process.env.HANDRAIL_BIN ?? '../bin/handrail'), data)
  let browser
  try {
    const site = await step('the server starts with the sample shop', () => server.start())
    browser = await Browser.launch()
    await tell(site, browser, server)
    assert.equal(browser.problems.length, 0, 'the story was told to its end, but there were problems')
    console.log(`${name}: passed in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  } catch (error) {
    await browser?.saveAll()
    console.error(`\n${name}: FAILED, ${error.message}\n${(error.cause ?? error).stack}`)
    for (const problem of browser?.problems ?? []) console.error(problem)
    console.error('\nThe server said:\n' + server.log.join('').split('\n').slice(-40).join('\n'))
    process.exitCode = 1
  } finally {
    await browser?.close()
    await server.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** step prints that something is so, or says what is not. */
export async function step(name, act) {
  const from = Date.now()
  const result = await act().catch((error) => {
    throw new Error(`not so: ${name}`, { cause: error })
  })
  console.log(`  ok  ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`)
  return result
}
