// Fails the build when the widget is not fit for foreign pages: too large, or not plain ASCII.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 15 * 1024
const code = readFileSync(new URL('dist/widget.js', import.meta.url))
const size = gzipSync(code, { level: 9 }).length

console.log(`widget.js: ${size} of ${BUDGET_BYTES} bytes gzipped`)
if (size >= BUDGET_BYTES) {
  console.error('The widget is over its budget, and every visitor downloads it. Remove code, or load it later.')
  process.exitCode = 1
}
if (code.some((byte) => byte > 0x7f)) {
  console.error('The widget is not plain ASCII: a page in another encoding would show its texts broken.')
  process.exitCode = 1
}
