package api

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"handrail/internal/chat"
	"handrail/internal/events"
)

const (
	// pollEvery bounds the delay of a message whose hint was lost.
	pollEvery = 2 * time.Second
	// readers is how many queries read from the log at a time, and readTogether how many conversations each reads.
	readers      = 3
	readTogether = 64
)

// Hub knows which sockets of this node watch which conversation. Hints from the bus, and a poll as the net under it,
// make it read the log and bring every watcher up to date.
type Hub struct {
	c       Config
	ctx     context.Context // ends when the hub stops; sockets live in it
	cancel  context.CancelFunc
	running sync.WaitGroup
	subs    []*events.Subscription
	dirty   chan *room // rooms that have something to read
	marks   marks
	sockets prometheus.Gauge
	buffers sync.Pool // of the sockets' writers

	mu     sync.RWMutex
	rooms  map[uuid.UUID]*room
	agents map[*agentConn]struct{}
	all    map[peer]struct{}
	turn   int                    // of the latest socket to be pinged
	names  sync.Map               // agentKey to agentName, of those who are in charge
	desks  map[uuid.UUID]*refresh // of the desks that have changed lately
}

func newHub(c Config) *Hub {
	h := &Hub{c: c, rooms: map[uuid.UUID]*room{}, agents: map[*agentConn]struct{}{}, all: map[peer]struct{}{},
		desks: map[uuid.UUID]*refresh{}, marks: marks{pending: map[uuid.UUID]chat.Mark{}}, dirty: make(chan *room, 4096),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "handrail_sockets", Help: "Open WebSocket connections."})}
	h.buffers.New = func() any {
		b := make([]byte, 0, writeSize)
		return &b
	}
	h.ctx, h.cancel = context.WithCancel(context.Background()) // outlives the request that opens a socket
	c.Metrics.MustRegister(h.sockets)
	return h
}

// start listens to the bus and begins to serve rooms until stop, or until ctx ends.
func (h *Hub) start(ctx context.Context) error {
	context.AfterFunc(ctx, h.cancel)
	h.c.Log.OnCommit(h.onCommit)
	for subject, handle := range map[string]func(string, []byte){
		"conv.*.hint": h.onHint, "conv.*.delta": h.onDelta, "conv.*.typing": h.onTyping, "conv.*.read": h.onRead,
		"desk.*": h.onDesk,
	} {
		sub, err := h.c.Bus.Subscribe(subject, handle)
		if err != nil {
			return err
		}
		h.subs = append(h.subs, sub)
	}
	for range readers {
		h.running.Go(h.serveRooms)
	}
	h.running.Go(h.poll)
	h.running.Go(h.pollDesks)
	h.running.Go(h.ping)
	h.running.Go(h.dismissDisabled)
	h.running.Go(h.storeMarks)
	h.running.Go(h.pruneAttachments)
	return nil
}

// stop closes every socket with 1012 and waits for the goroutines.
func (h *Hub) stop() {
	for _, sub := range h.subs {
		sub.Close()
	}
	h.mu.Lock()
	for s := range h.all {
		s.close(websocket.CloseServiceRestart, "restarting: reconnect")
	}
	h.cancel() // under the lock, so that nothing joins the goroutines that are waited for
	h.mu.Unlock()
	h.running.Wait()
}

// run serves an upgraded socket until it closes. The reader has a goroutine of its own, so that the handler can return
// and net/http can free its buffers; the writer has one while there is something to write.
func (h *Hub) run(s *socket, handle func(inbound), alive, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		_ = s.ws.Close()
		return
	}
	h.all[s] = struct{}{}
	h.turn++
	s.slot = h.turn
	h.sockets.Inc()
	h.running.Go(func() {
		s.read(h.ctx, handle, alive)
		leave()
		h.mu.Lock()
		delete(h.all, s)
		h.mu.Unlock()
		h.sockets.Dec()
	})
}

// adopt keeps a client that has no socket until forget, so that it is closed with the others. It refuses once the hub
// has stopped.
func (h *Hub) adopt(p peer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.all[p] = struct{}{}
	return true
}

func (h *Hub) forget(p peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, p)
}

// watch brings the watcher up to date from its cursor, tells it the state, and keeps it so until unwatch.
func (h *Hub) watch(ws, conversation uuid.UUID, w *watcher) *room {
	r := h.enter(ws, conversation, w, "")
	h.touch(r, true)
	return r
}

// follow is watch for one who has just been told the state.
func (h *Hub) follow(ws, conversation uuid.UUID, w *watcher, state chat.State) *room {
	r := h.enter(ws, conversation, w, state)
	h.touch(r, false)
	return r
}

// enter adds a watcher to a room, and makes the room if there is none.
func (h *Hub) enter(ws, conversation uuid.UUID, w *watcher, state chat.State) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[conversation]
	if r == nil {
		r = &room{hub: h, workspace: ws, id: conversation, watchers: map[*watcher]struct{}{}}
		h.rooms[conversation] = r
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers[w] = struct{}{}
	if r.state == "" {
		r.state = state
	}
	return r
}

func (h *Hub) unwatch(r *room, w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.watchers, w)
	if len(r.watchers) == 0 && h.rooms[r.id] == r {
		delete(h.rooms, r.id)
	}
}

// touch schedules a room to be read, once however often it is touched meanwhile.
func (h *Hub) touch(r *room, state bool) {
	r.mu.Lock()
	r.dirty = true
	r.stateDirty = r.stateDirty || state
	queue := !r.queued
	r.queued = true
	r.mu.Unlock()
	if !queue {
		return
	}
	select {
	case h.dirty <- r:
	case <-h.ctx.Done():
	}
}

// serveRooms reads what rooms lack, for all at once that wait for it.
func (h *Hub) serveRooms() {
	for {
		var batch []*room
		select {
		case <-h.ctx.Done():
			return
		case r := <-h.dirty:
			batch = append(batch, r)
		}
		for more := true; more && len(batch) < readTogether; {
			select {
			case r := <-h.dirty:
				batch = append(batch, r)
			default:
				more = false
			}
		}
		h.refresh(h.ctx, batch)
	}
}

// ping asks every client once in pingEvery whether it is there, a tenth of them at a time.
func (h *Hub) ping() {
	const slots = 10
	tick := time.NewTicker(pingEvery / slots)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		var due []*socket
		h.mu.RLock()
		for p := range h.all {
			if s, ok := p.(*socket); ok && s.slot%slots == turn%slots {
				due = append(due, s)
			}
		}
		h.mu.RUnlock()
		for _, s := range due {
			s.ping()
		}
	}
}

// onCommit hands an entry that this node has stored to those who watch its conversation, which saves reading it.
func (h *Hub) onCommit(m chat.Message) {
	h.mu.RLock()
	r := h.rooms[m.Conversation]
	h.mu.RUnlock()
	if r == nil {
		return
	}
	if behind, state := r.hand(m); behind || state {
		h.touch(r, state)
	}
}

// room returns the room that a subject like conv.<uuid>.hint speaks of, if this node watches it.
func (h *Hub) room(subject string) *room {
	_, rest, _ := strings.Cut(subject, ".")
	name, _, _ := strings.Cut(rest, ".")
	id, err := uuid.Parse(name)
	if err != nil {
		return nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.rooms[id]
}

// onHint hears that a conversation has grown. What this node has stored itself has been handed over already.
func (h *Hub) onHint(subject string, data []byte) {
	r := h.room(subject)
	if r == nil {
		return
	}
	if last, ok := chat.HintedSeq(data); !ok || r.behind(last) {
		h.touch(r, false)
	}
}

// Delta is a piece of an answer on its way, as it travels on the bus.
type Delta struct {
	Turn   int64  `json:"turn"`
	Offset int    `json:"offset"`
	Text   string `json:"text"`
}

// DeltaSubject is where the pieces of a conversation's answers are published.
func DeltaSubject(conversation uuid.UUID) string { return "conv." + conversation.String() + ".delta" }

func (h *Hub) onDelta(subject string, data []byte) {
	r := h.room(subject)
	var d Delta
	if r == nil || json.Unmarshal(data, &d) != nil {
		return
	}
	r.send(frame(deltaFrame{Type: "delta", Conversation: r.id, Delta: d}))
}

type typingEvent struct {
	Sender chat.Sender `json:"sender"`
	On     bool        `json:"on"`
}

func (h *Hub) onTyping(subject string, data []byte) {
	r := h.room(subject)
	var e typingEvent
	if r == nil || json.Unmarshal(data, &e) != nil {
		return
	}
	r.typing(e)
}

func (h *Hub) typing(conversation uuid.UUID, e typingEvent) {
	// Typing is ephemeral: where it does not arrive, nobody misses it.
	_ = h.c.Bus.Publish("conv."+conversation.String()+".typing", e)
}

// poll is the net under the hints: it looks whether a watched conversation has grown unnoticed.
func (h *Hub) poll() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		byWorkspace := map[uuid.UUID][]uuid.UUID{}
		h.mu.Lock()
		for id, r := range h.rooms {
			byWorkspace[r.workspace] = append(byWorkspace[r.workspace], id)
		}
		h.mu.Unlock()
		for ws, ids := range byWorkspace {
			last, err := h.c.Log.LastSeqs(h.ctx, ws, ids)
			if err != nil {
				h.warn("cannot poll watched conversations", err)
				continue
			}
			for id, seq := range last {
				h.mu.Lock()
				r := h.rooms[id]
				h.mu.Unlock()
				if r != nil && r.behind(seq) {
					h.touch(r, false)
				}
			}
		}
	}
}

func (h *Hub) warn(text string, err error) {
	if h.ctx.Err() == nil {
		h.c.Logger.Warn(text, "error", err)
	}
}
