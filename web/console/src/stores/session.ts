import { defineStore } from 'pinia'
import { ref } from 'vue'
import { api, ApiError } from '../api/client'
import type { Me } from '../api/types'

/** useSession knows who is signed in. `me` is undefined until the server was asked, null when nobody is. */
export const useSession = defineStore('session', () => {
  const me = ref<Me | null>()

  async function load(): Promise<Me | null> {
    if (me.value === undefined) {
      try {
        me.value = await api.me()
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) throw error
        me.value = null
      }
    }
    return me.value
  }

  async function login(email: string, password: string): Promise<void> {
    me.value = await api.login(email, password)
  }

  async function logout(): Promise<void> {
    await api.logout()
    me.value = null
  }

  /** expired notes that the server ended the session; the router then shows the login page. */
  function expired(): void {
    me.value = null
  }

  return { me, load, login, logout, expired }
})
