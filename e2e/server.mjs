// Starts the real server with the sample shop, kills it without mercy, and starts it again in the same place.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const READY_WITHIN_MS = 90_000

export class Server {
  #binary
  #data
  #child
  #port = 0
  log = []

  constructor(binary, data) {
    this.#binary = binary
    this.#data = data
  }

  /** start waits for the line that the server prints when it is ready, and returns it. A second start keeps the port. */
  async start() {
    const env = { ...process.env, HANDRAIL_DATA: this.#data }
    if (env.HANDRAIL_DEMO_DATABASE_URL) env.DATABASE_URL = env.HANDRAIL_DEMO_DATABASE_URL
    // The server refuses variables of its own prefix that it does not know; these are the test's.
    for (const name of ['HANDRAIL_BIN', 'HANDRAIL_DEMO_DATABASE_URL']) delete env[name]
    const args = ['demo', '--port', String(this.#port), '--json']
    const child = spawn(this.#binary, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text) => this.log.push(text))
    const ready = await this.#ready(child)
    this.#port = Number(new URL(ready.shop).port)
    return ready
  }

  /** kill ends the process at once, as a crash or a power cut would. */
  async kill() {
    await this.#end('SIGKILL')
  }

  /** stop ends it the way an operator does. */
  async stop() {
    await this.#end('SIGINT')
  }

  async #end(signal) {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  #ready(child) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS)
      const fail = (why) => {
        clearTimeout(timer)
        reject(new Error(`the server ${why}`))
      }
      child.once('error', (error) => fail(`could not be started: ${error.message}`))
      child.once('exit', (code, signal) => fail(`ended with ${signal ?? `exit code ${code}`} before it was ready`))
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (!line.startsWith('{')) return this.log.push(`${line}\n`)
        clearTimeout(timer)
        resolve(JSON.parse(line))
      })
    })
  }
}
