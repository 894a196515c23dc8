import { pageStorage } from '@handrail/shared/outbox'
import { onScopeDispose, ref, watch, type Ref } from 'vue'

const SOUND_KEY = 'handrail.console.sound'
const CHIME_S = 0.25

/** sound says whether offers are heard; every agent chooses, on each browser, and it is off at first. */
const sound = ref(pageStorage()?.getItem(SOUND_KEY) === 'on')

export function useSound(): { sound: Ref<boolean>; setSound: (on: boolean) => void } {
  function setSound(on: boolean): void {
    sound.value = on
    pageStorage()?.setItem(SOUND_KEY, on ? 'on' : 'off')
    if (on) chime()
  }
  return { sound, setSound }
}

/** useAttention calls for the agent while something needs an answer: its number stands in the title, and a rise is heard. */
export function useAttention(count: () => number, badge: (n: number, title: string) => string): void {
  const title = document.title
  watch(
    count,
    (n, before = 0) => {
      document.title = n ? badge(n, title) : title
      if (n > before && sound.value) chime()
    },
    { immediate: true },
  )
  onScopeDispose(() => (document.title = title))
}

/** chime plays two short notes; a browser that lets no page sound before a click stays silent. */
function chime(): void {
  if (typeof AudioContext === 'undefined') return
  const audio = new AudioContext()
  const volume = audio.createGain()
  volume.gain.value = 0.15
  volume.connect(audio.destination)
  for (const [i, pitch] of [660, 880].entries()) {
    const note = audio.createOscillator()
    note.frequency.value = pitch
    note.connect(volume)
    note.start(audio.currentTime + i * CHIME_S)
    note.stop(audio.currentTime + (i + 1) * CHIME_S)
    if (i === 1) note.onended = () => void audio.close()
  }
}
