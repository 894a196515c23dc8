package api

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// pageSize is how many messages are read from the log at a time.
const pageSize = 200

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
	read    int64     // how far they have read; likewise
	held    bool      // has too much waiting to take more of the history; likewise

	may func(context.Context) error // [errs.NotFound] when the watcher may not read the conversation any more; nil = always
}

// serve brings every watcher up to date. It runs on one goroutine at a time: the room stays marked as queued until
// nothing is left to do, so that nobody queues it again meanwhile and frames leave in order.
func (r *room) serve(ctx context.Context) {
	for {
		r.mu.Lock()
		read, state := r.dirty, r.stateDirty
		r.dirty, r.stateDirty = false, false
		if !read && !state {
			r.queued = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if err := r.refresh(ctx, read, state); err != nil {
			r.hub.warn("cannot read a conversation", err)
			r.mu.Lock()
			r.stateDirty, r.queued = true, false // the next hint or poll tries again
			r.mu.Unlock()
			return
		}
	}
}

func (r *room) refresh(ctx context.Context, read, state bool) error {
	if read {
		changed, err := r.catchUp(ctx)
		if err != nil {
			return err
		}
		state = state || changed
	}
	if !state {
		return nil
	}
	return r.sendState(ctx)
}

// catchUp reads what the furthest-behind watcher lacks and queues for each what follows its cursor. It reports whether
// a system entry was among it.
func (r *room) catchUp(ctx context.Context) (changed bool, err error) {
	for {
		from, any := r.lowest()
		if !any {
			return changed, nil
		}
		messages, err := r.hub.c.Log.Read(ctx, r.workspace, r.id, from, pageSize)
		if err != nil {
			return changed, err
		}
		for _, m := range messages {
			changed = changed || m.Sender.Kind == chat.System || m.Kind == chat.KindCSAT || r.reopened(m)
		}
		r.deliver(messages)
		if len(messages) < pageSize {
			return changed, nil
		}
	}
}

// reopened reports whether a message reopened the conversation: that leaves no system entry.
func (r *room) reopened(m chat.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state == chat.StateClosed && m.Sender.Kind == chat.Visitor && (m.Kind == chat.KindText || m.Kind == chat.KindFile)
}

func (r *room) lowest() (cursor int64, any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if !w.held && (!any || w.cursor < cursor) {
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

// deliver queues each message for the watchers whose next it is. It is encoded at most once for visitors and once for
// staff.
func (r *room) deliver(messages []chat.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range messages {
		var forVisitor, forStaff []byte
		for w := range r.watchers {
			if m.Seq != w.cursor+1 || w.held {
				continue
			}
			switch {
			case w.visitor && forVisitor == nil:
				forVisitor = visitorFrame(m)
			case !w.visitor && forStaff == nil:
				view := viewOf(m)
				forStaff = frame(outbound{Type: "msg", Conversation: &r.id, messageView: &view})
			}
			encoded := forStaff
			if w.visitor {
				encoded = forVisitor
			}
			if w.held = !w.socket.offer(encoded, func() { r.resume(w) }); !w.held {
				w.cursor = m.Seq
			}
		}
	}
}

// resume goes on with the history of a watcher who had too much waiting.
func (r *room) resume(w *watcher) {
	r.mu.Lock()
	w.held = false
	r.mu.Unlock()
	r.hub.touch(r, false)
}

// visitorFrame is a message as its visitor may see it. A note between agents arrives as an empty hidden entry, so that
// the visitor's sequence has no gap and its content never leaves the server.
func visitorFrame(m chat.Message) []byte {
	view := viewOf(m)
	if m.Kind == chat.KindNote {
		view = messageView{Seq: m.Seq, Kind: "hidden", Sender: senderView{Kind: chat.System}, At: m.At}
	}
	return frame(outbound{Type: "msg", messageView: &view})
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
	c, err := h.c.Log.Conversation(ctx, ws, id)
	if err != nil {
		return outbound{}, err
	}
	canRate := c.State == chat.StateClosed && c.CSAT == 0
	f := outbound{Conversation: &id, State: c.State, LastSeq: &c.LastSeq, CanRate: &canRate}
	switch c.State {
	case chat.StateQueued:
		place, err := h.c.Desk.Position(ctx, ws, id)
		if err != nil {
			return outbound{}, err
		}
		f.Queue = placeOf(place)
	case chat.StateHuman:
		agent, err := h.c.Desk.Presence(ctx, ws, c.AgentID)
		switch {
		case err == nil:
			f.Agent = &nameView{agent.Name}
		case !errs.Is(err, errs.NotFound): // a disabled agent has no name to show until the reaper moves the conversation
			return outbound{}, err
		}
	}
	return f, nil
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
