import { defineConfig, type Plugin } from 'vite'

/** A script without a charset of its own is read in the page's encoding; only ASCII is the same in all of them. */
function ascii(): Plugin {
  return {
    name: 'ascii',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = escaped(file.code)
    },
  }
}

function escaped(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * OWN are members of our own objects, which the build gives shorter names. None may be the name of anything in a frame,
 * in the settings or among el's properties, of a text that is looked up by a name made at run time, or of what we use
 * of the browser.
 */
const OWN = `
  abandon aborter ack actions again askAgain askForPerson asking assigned attach attempt awaiting badge banner base
  bold bubble cancel canRate changed changes channel chat clear composer connect connecting content correct corrects
  count courier coversPage csat day dayBefore dayName door dots draft drain drawBanners drawn drawSettings echo
  echoed edit edited editing end entry exchange failure failures fenced fields file flush following frame fulfilled
  give greetingRow grow hello hurry isOpen items keep known launcher leave leaveBody leaveSend limit link linkState
  list load log lost mark markSeen mayLeave memory messages names node note noteText notice notSent offer opens
  openUnread options outbox panel parts pause pending person picked picker piece place points poll polling post
  prefix probe probeTimer progress put queued rate readSent readUpTo really receive refused rejected remember
  restart resumed retry revise revised run say seen sending setState settle setTyping share shown shut signIn
  sources start stored storedKeys storedUpTo stream streamTimer tag tail take texts toBottom requests toggle token transcript
  trouble typing typingSentAt typingTimer unseen update uploading uploads upTo wait waiting waitShort wasUp watch
  watchdog welcome wire wrap write writer wrote yesterday
`

export default defineConfig({
  plugins: [ascii()],
  build: {
    target: 'es2022',
    lib: { entry: 'src/main.ts', formats: ['iife'], name: 'HandrailWidget', fileName: () => 'widget.js' },
    outDir: 'dist',
    // dist/.keep is committed, so that the Go code compiles before the first build: do not empty the folder.
    emptyOutDir: false,
    rolldownOptions: { output: { minify: { mangleProps: { include: new RegExp(`^(${OWN.trim().split(/\s+/).join('|')})$`) } } } },
  },
})
