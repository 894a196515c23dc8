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

export default defineConfig({
  plugins: [ascii()],
  build: {
    target: 'es2022',
    lib: { entry: 'src/main.ts', formats: ['iife'], name: 'HandrailWidget', fileName: () => 'widget.js' },
    outDir: 'dist',
    // dist/.keep is committed, so that the Go code compiles before the first build: do not empty the folder.
    emptyOutDir: false,
  },
})
