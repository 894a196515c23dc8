import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    target: 'es2022',
    lib: { entry: 'src/main.ts', formats: ['iife'], name: 'HandrailWidget', fileName: () => 'widget.js' },
    outDir: 'dist',
    // dist/.keep is committed, so that the Go code compiles before the first build: do not empty the folder.
    emptyOutDir: false,
  },
})
