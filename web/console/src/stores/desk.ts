import { Courier } from '@handrail/shared/courier'
import { Link, type LinkState, Refused } from '@handrail/shared/link'
import { Outbox, pageStorage } from '@handrail/shared/outbox'
import type { AgentSelf, AgentStatus, Alert, DeskFrame, ErrorFrame, FromAgent, Mine, Offer, ToAgent, Waiting } from '@handrail/shared/protocol'
import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'
import { api, ApiError } from '../api/client'
import { deskActions } from './actions'
import { useSession } from './session'
import { Thread } from './thread'

const STATUS_KEY = 'handrail.console.status'

class SignedOut extends Refused {}

/** useDesk is the agent's live side: queue, own conversations, watched threads, and everything on its way out. */
export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const linkState = ref<LinkState>('off')
  const self = ref<AgentSelf>({ status: 'offline', load: 0, capacity: 0 })
  const waiting = ref<Waiting[]>([])
  const mine = ref<Mine[]>([])
  const offers = ref<Offer[]>([])
  const alerts = ref<Alert[]>([])
  const threads = shallowReactive(new Map<string, Thread>())
  const trouble = shallowRef<ErrorFrame | null>(null)
  const outgoing = ref<FromAgent[]>([])
  /** changes counts what may alter lists and evidence on the server, for views that fetch them. */
  const changes = ref(0)
  const opened = ref('')
  /** marked is how far the server was told that the agent has read, by conversation, on this connection. */
  const marked = new Map<string, number>()

  let courier: Courier<FromAgent> | null = null
  let ticker: ReturnType<typeof setInterval> | undefined

  const link = new Link<ToAgent>({
    ticket,
    hello: () => ({ t: 'hello' }),
    frame: receive,
    state: (state) => (linkState.value = state),
    refused: (reason) => {
      if (reason instanceof SignedOut) session.expired()
      else trouble.value = { t: 'error', code: 'forbidden', message: reason.message }
    },
  })

  const { status, ...actions } = deskActions(post, (frame) => link.send(frame))

  async function ticket(): Promise<{ url: string; ticket: string }> {
    try {
      const { ticket } = await api.agentTicket()
      return { url: `${location.origin.replace(/^http/, 'ws')}/ws/agent`, ticket }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401) throw new SignedOut(error.message)
      throw error.status === 403 ? new Refused(error.message) : error
    }
  }

  /** start connects, once: an agent who looks something up on another page stays at the desk. */
  function start(agent: number): void {
    if (courier) return
    const outbox = new Outbox<FromAgent>(pageStorage(), `handrail.console.${agent}.out.`)
    courier = new Courier(outbox, link, (_frame, reason) => (trouble.value = reason))
    show()
    ticker = setInterval(() => threads.forEach((thread) => thread.tick()), 2_000)
    link.start()
  }

  function stop(): void {
    link.stop()
    courier?.stop()
    courier = null
    // The next person to sign in on this page chooses for themselves.
    sessionStorage.removeItem(STATUS_KEY)
    clearInterval(ticker)
    threads.clear()
    waiting.value = []
    mine.value = []
    offers.value = []
    alerts.value = []
    opened.value = ''
  }

  function receive(frame: ToAgent): void {
    switch (frame.t) {
      case 'welcome':
        return welcome(frame)
      case 'desk':
        return takeDesk(frame)
      case 'ack':
        courier?.ack(frame)
        break
      case 'error':
        if (frame.client_id) courier?.error(frame)
        else trouble.value = frame
        break
      default:
        return receiveInThread(frame)
    }
    show()
  }

  function receiveInThread(frame: Extract<ToAgent, { t: 'msg' | 'delta' | 'typing' | 'state' | 'read' }>): void {
    const thread = threads.get(frame.conversation)
    if (!thread) return
    if (frame.t === 'delta') return thread.delta(frame)
    if (frame.t === 'typing') return thread.setTyping(frame.on ? frame.sender : null)
    if (frame.t === 'read') return thread.setRead(frame.seq)
    if (frame.t === 'state') {
      changes.value++
      return thread.setState(frame)
    }
    const verdict = thread.take(frame)
    if (verdict === 'gap') watch(thread)
    if (frame.kind !== 'note' && verdict === 'shown') changes.value++
    courier?.echo(frame)
    show()
  }

  /** welcome takes up again, after any loss, exactly what this page was doing. */
  function welcome(frame: Extract<ToAgent, { t: 'welcome' }>): void {
    self.value = { status: frame.status, load: frame.load, capacity: frame.capacity }
    const wanted = sessionStorage.getItem(STATUS_KEY) as AgentStatus | null
    if (wanted && wanted !== frame.status) status(wanted)
    threads.forEach(watch)
    marked.clear()
    courier?.flush()
    changes.value++
  }

  function takeDesk(frame: DeskFrame): void {
    self.value = frame.me
    waiting.value = frame.waiting ?? []
    mine.value = frame.mine ?? []
    offers.value = frame.offers ?? []
    alerts.value = frame.alerts ?? []
    for (const { conversation } of mine.value) ensure(conversation)
    for (const id of threads.keys()) if (id !== opened.value && !isMine(id)) drop(id)
    settleHandovers()
    changes.value++
  }

  /** settleHandovers ends the repetition of a transfer that has visibly come true: its entry may reach others only. */
  function settleHandovers(): void {
    for (const frame of outgoing.value) if (frame.t === 'transfer' && !isMine(frame.conversation)) courier?.ack(frame)
    show()
  }

  function isMine(id: string): boolean {
    return mine.value.some((one) => one.conversation === id)
  }

  function ensure(id: string): Thread {
    const known = threads.get(id)
    if (known) return known
    // Vue's type of a reactive class leaves its private fields out; the object itself has them.
    const thread = reactive(new Thread(id)) as Thread
    threads.set(id, thread)
    watch(thread)
    return thread
  }

  function watch(thread: Thread): void {
    link.send({ t: 'watch', conversation: thread.id, cursor: thread.cursor })
  }

  function drop(id: string): void {
    threads.delete(id)
    link.send({ t: 'unwatch', conversation: id })
  }

  /** open watches the conversation and forgets the one looked at before, unless it is the agent's own. */
  function open(id: string): void {
    const before = opened.value
    opened.value = id
    if (before && before !== id && !isMine(before)) drop(before)
    if (id) ensure(id)
  }

  function post(frame: FromAgent): void {
    courier?.post(frame)
    show()
  }

  function show(): void {
    outgoing.value = courier?.unseen ?? []
  }

  function setStatus(to: AgentStatus): void {
    sessionStorage.setItem(STATUS_KEY, to)
    status(to)
  }

  /** read tells the visitor that the agent, who is in charge or helps, has seen the conversation up to the entry. */
  function read(conversation: string, seq: number): void {
    if (!isMine(conversation) || seq <= (marked.get(conversation) ?? 0)) return
    if (link.send({ t: 'read', conversation, seq })) marked.set(conversation, seq)
  }

  /** pendingOf lists the agent's own texts in a conversation that have not come back as messages yet. */
  const pendingOf = computed(
    () => (id: string) => outgoing.value.filter((frame) => frame.t === 'send').filter((frame) => frame.conversation === id),
  )

  return {
    linkState, self, waiting, mine, offers, alerts, threads, trouble, changes, opened, pendingOf,
    start, stop, open, setStatus, read, isMine, ...actions,
  }
})
