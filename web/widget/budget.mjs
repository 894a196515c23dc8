// Fails the build when the widget outgrows its budget: every visitor of a customer's page downloads it.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 15 * 1024
const size = gzipSync(readFileSync(new URL('dist/widget.js', import.meta.url)), { level: 9 }).length

console.log(`widget.js: ${size} of ${BUDGET_BYTES} bytes gzipped`)
if (size >= BUDGET_BYTES) {
  console.error('The widget is over its budget. Remove code, or load it later.')
  process.exit(1)
}
