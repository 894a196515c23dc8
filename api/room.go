package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

const (
	pageSize = 200             // messages of one conversation that are read from the log at a time
	nameLife = 5 * time.Second // how long an agent's name is relied on
)

// room is a conversation that at least one socket of this node watches. Its log is read once for all of them.
type room struct {
	hub           *Hub
	workspace, id uuid.UUID

	mu         sync.Mutex
	watchers   map[*watcher]struct{}
	dirty      bool // the log may have grown
	stateDirty bool // state, queue place or agent may have changed
	queued     bool // on the hub's list
	state      chat.State
}

// watcher is one socket's view of a room.
type watcher struct {
	socket  peer
	visitor bool      // sees no notes
	sender  string    // kind and id of who watches, so that nobody is told of their own typing
	id      uuid.UUID // of the conversation
	cursor  int64     // seq of the last message queued; guarded by the room's mu
	waits   bool      // for the socket to take what is queued, before more of the history is read; guarded likewise
	read    int64     // how far they have read; likewise

	may func(context.Context) error // [errs.NotFound] when the watcher may not read the conversation any more; nil = always
}

// refresh brings the watchers of rooms up to date. Each room is with one goroutine at a time: it stays marked as queued
// until nothing is left to do, so that nobody queues it again meanwhile and frames leave in order.
func (h *Hub) refresh(ctx context.Context, rooms []*room) {
	for len(rooms) > 0 {
		reads, state := h.due(rooms)
		if err := h.catchUp(ctx, reads, state); err != nil {
			h.giveUp(rooms, err)
			return
		}
		rooms = slices.DeleteFunc(rooms, func(r *room) bool {
			if state[r] {
				if err := r.sendState(ctx); err != nil {
					h.giveUp([]*room{r}, err)
					return true
				}
			}
			return r.done()
		})
	}
}

// due takes the marks of rooms: which are to be read, and whose state is to be told.
func (h *Hub) due(rooms []*room) (reads []*room, state map[*room]bool) {
	state = map[*room]bool{}
	for _, r := range rooms {
		r.mu.Lock()
		if r.dirty {
			reads = append(reads, r)
		}
		if r.stateDirty {
			state[r] = true
		}
		r.dirty, r.stateDirty = false, false
		r.mu.Unlock()
	}
	return reads, state
}

// done reports whether nothing is left to do for a room, which then may be queued again.
func (r *room) done() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dirty || r.stateDirty {
		return false
	}
	r.queued = false
	return true
}

// giveUp leaves rooms to the next hint or poll.
func (h *Hub) giveUp(rooms []*room, err error) {
	h.warn("cannot read a conversation", err)
	for _, r := range rooms {
		r.mu.Lock()
		r.stateDirty, r.queued = true, false
		r.mu.Unlock()
	}
}

// catchUp reads what the furthest-behind watcher of each room lacks and queues for each what follows its cursor. It adds
// the rooms where an entry that changes the state was among it.
func (h *Hub) catchUp(ctx context.Context, rooms []*room, state map[*room]bool) error {
	for len(rooms) > 0 {
		var cursors []chat.Cursor
		rooms = slices.DeleteFunc(rooms, func(r *room) bool {
			from, any := r.lowest()
			if any {
				cursors = append(cursors, chat.Cursor{Workspace: r.workspace, Conversation: r.id, After: from})
			}
			return !any
		})
		if len(rooms) == 0 {
			return nil
		}
		pages, err := h.c.Log.ReadMany(ctx, cursors, pageSize)
		if err != nil {
			return err
		}
		var more []*room
		for i, r := range rooms {
			if r.deliver(pages[i]) {
				state[r] = true
			}
			if len(pages[i]) == pageSize {
				more = append(more, r)
			}
		}
		rooms = more
	}
	return nil
}

// lowest is the cursor of the watcher that is furthest behind, of those that can be sent anything now.
func (r *room) lowest() (cursor int64, any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if !w.waits && (!any || w.cursor < cursor) {
			cursor, any = w.cursor, true
		}
	}
	return cursor, any
}

func (r *room) behind(last int64) bool {
	lowest, any := r.lowest()
	r.mu.Lock()
	defer r.mu.Unlock()
	return any && lowest < last || r.stateDirty
}

// deliver queues each message of the log for the watchers whose next it is, as far as their sockets take them. It
// reports whether one of them changes the state.
func (r *room) deliver(messages []chat.Message) (state bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range messages {
		e := encoding{room: r, message: &messages[i]}
		state = state || r.changes(&messages[i])
		for w := range r.watchers {
			if messages[i].Seq != w.cursor+1 || w.waits {
				continue
			}
			if w.waits = !w.socket.offer(e.frameFor(w), func() { r.resume(w) }); !w.waits {
				w.cursor++
			}
		}
	}
	return state
}

// resume goes on with the history of a watcher whose socket has taken what was queued.
func (r *room) resume(w *watcher) {
	r.mu.Lock()
	w.waits = false
	r.mu.Unlock()
	r.hub.touch(r, false)
}

// hand queues a message that has just been stored for the watchers whose next it is. It reports whether any other lacks
// entries before it, and whether the message changes the state.
func (r *room) hand(m chat.Message) (behind, state bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := encoding{room: r, message: &m}
	for w := range r.watchers {
		switch {
		case w.waits || m.Seq <= w.cursor:
		case m.Seq == w.cursor+1:
			// A client that lags behind is not closed: it reads on from the log when it has taken what waits.
			if w.waits = !w.socket.offer(e.frameFor(w), func() { r.resume(w) }); !w.waits {
				w.cursor++
			}
		default:
			behind = true
		}
	}
	return behind, r.changes(&m)
}

// changes reports whether an entry changes the state of the conversation. It runs under the lock.
func (r *room) changes(m *chat.Message) bool {
	return m.Sender.Kind == chat.System || m.Kind == chat.KindCSAT || r.reopens(m)
}

// reopens reports whether a message reopened the conversation: that leaves no system entry.
func (r *room) reopens(m *chat.Message) bool {
	return r.state == chat.StateClosed && m.Sender.Kind == chat.Visitor && (m.Kind == chat.KindText || m.Kind == chat.KindFile)
}

// encoding is a message on its way to watchers: encoded at most once for visitors and once for staff.
type encoding struct {
	room              *room
	message           *chat.Message
	visitors, members []byte
}

func (e *encoding) frameFor(w *watcher) []byte {
	if w.visitor {
		if e.visitors == nil {
			e.visitors = visitorFrame(e.message)
		}
		return e.visitors
	}
	if e.members == nil {
		e.members = messageFrame(&e.room.id, e.message)
	}
	return e.members
}

// visitorFrame is a message as its visitor may see it. A note between agents arrives as an empty hidden entry, so that
// the visitor's sequence has no gap and its content never leaves the server.
func visitorFrame(m *chat.Message) []byte {
	if m.Kind == chat.KindNote {
		m = &chat.Message{Seq: m.Seq, Kind: "hidden", Sender: chat.Sender{Kind: chat.System}, At: m.At}
	}
	return messageFrame(nil, m)
}

// sendState tells every watcher the state of the conversation, with the place in the queue or the agent's name.
func (r *room) sendState(ctx context.Context) error {
	f, err := r.hub.stateOf(ctx, r.workspace, r.id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.state = f.State
	r.mu.Unlock()
	f.Type = "state"
	f.LastSeq = nil
	forVisitor := frame(f)
	marks, err := r.hub.c.Log.ReadMarks(ctx, r.workspace, r.id)
	if err != nil {
		return err
	}
	f.Read = &marks.Visitor
	forStaff := frame(f)
	r.sendSides(forVisitor, forStaff)
	return r.dismiss(ctx)
}

// dismiss drops the watchers who may not read the conversation any more: an agent who looked at it in the queue, when
// another took it.
func (r *room) dismiss(ctx context.Context) error {
	r.mu.Lock()
	watchers := slices.Collect(maps.Keys(r.watchers))
	r.mu.Unlock()
	for _, w := range watchers {
		if w.may == nil {
			continue
		}
		err := w.may(ctx)
		if errs.Is(err, errs.NotFound) {
			r.hub.unwatch(r, w)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// stateOf describes a conversation's state as welcome and state frames carry it.
func (h *Hub) stateOf(ctx context.Context, ws, id uuid.UUID) (outbound, error) {
	c, err := h.c.Log.State(ctx, ws, id)
	if err != nil {
		return outbound{}, err
	}
	return h.describe(ctx, c)
}

// describe is stateOf for a conversation that has been read.
func (h *Hub) describe(ctx context.Context, c chat.Conversation) (outbound, error) {
	canRate := c.State == chat.StateClosed && c.CSAT == 0
	f := outbound{Conversation: &c.ID, State: c.State, LastSeq: &c.LastSeq, CanRate: &canRate}
	switch c.State {
	case chat.StateQueued:
		place, err := h.c.Desk.Position(ctx, c.Workspace, c.ID)
		if err != nil {
			return outbound{}, err
		}
		f.Queue, f.Hours = placeOf(place), hoursOf(place)
	case chat.StateHuman:
		name, err := h.agentName(ctx, c.Workspace, c.AgentID)
		if err != nil {
			return outbound{}, err
		}
		f.Agent = name
	}
	return f, nil
}

type agentKey struct {
	workspace uuid.UUID
	id        int64
}

type agentName struct {
	name *nameView // nil for one who has no name to show
	read time.Time
}

// agentName is what visitors are told of an agent. It is remembered for a few seconds: everybody who comes back asks.
func (h *Hub) agentName(ctx context.Context, ws uuid.UUID, id int64) (*nameView, error) {
	k := agentKey{ws, id}
	if known, ok := h.names.Load(k); ok && time.Since(known.(agentName).read) < nameLife {
		return known.(agentName).name, nil
	}
	agent, err := h.c.Desk.Presence(ctx, ws, id)
	name := &nameView{agent.Name}
	if errs.Is(err, errs.NotFound) {
		name = nil // a disabled agent has no name to show until the reaper moves the conversation
	} else if err != nil {
		return nil, err
	}
	h.names.Store(k, agentName{name, time.Now()})
	return name, nil
}

// withPeople reports whether the conversation is with a person or waits for one, as far as this node knows.
func (r *room) withPeople() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state == chat.StateQueued || r.state == chat.StateHuman
}

// send queues a frame for every watcher.
func (r *room) send(encoded []byte) { r.sendSides(encoded, encoded) }

// sendSides queues one frame for visitors and another for staff.
func (r *room) sendSides(forVisitor, forStaff []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if w.visitor {
			w.socket.put(forVisitor)
		} else {
			w.socket.put(forStaff)
		}
	}
}

func (r *room) typing(e typingEvent) {
	encoded := frame(typingFrame{Type: "typing", Conversation: &r.id, Sender: senderView{e.Sender.Kind, e.Sender.Name}, On: e.On})
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if w.sender != senderKey(e.Sender) {
			w.socket.put(encoded)
		}
	}
}

func senderKey(s chat.Sender) string { return string(s.Kind) + ":" + s.ID }
