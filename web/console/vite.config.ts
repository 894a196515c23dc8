import vue from '@vitejs/plugin-vue'
import { rmSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'

/** dist/.keep is committed, so that the Go code compiles before the first build: only what a build wrote is removed. */
function clean(): Plugin {
  return {
    name: 'clean-dist',
    apply: 'build',
    buildStart() {
      for (const old of ['assets', 'index.html', 'icon.svg']) rmSync(`dist/${old}`, { recursive: true, force: true })
    },
  }
}

export default defineConfig({
  base: '/console/',
  plugins: [vue(), clean()],
  define: {
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
  },
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/ws': { target: 'ws://127.0.0.1:8080', ws: true } } },
})
