import { pickLang } from './texts'
import { Widget } from './widget'

// currentScript is set only while the script runs, so it is read before anything waits.
const script = document.currentScript as HTMLScriptElement | null

function mount(): void {
  const { key, lang, identity, name, email } = script?.dataset ?? {}
  if (!script || !key || document.querySelector('[data-handrail=widget]')) return
  const widget = new Widget({
    origin: new URL(script.src).origin,
    key,
    lang: pickLang(lang ?? navigator.language),
    identity,
    traits: name || email ? { name, email } : undefined,
  })
  document.body.append(widget.host)
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', mount, { once: true })
else mount()
