package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/internal/chat"
)

// marksEvery is how often read marks are stored. Others are told at once.
const marksEvery = time.Second

// readEvent says on the bus how far somebody has read.
type readEvent struct {
	Sender chat.Sender `json:"sender"`
	Seq    int64       `json:"seq"`
}

// readFrameOut tells the other side.
type readFrameOut struct {
	Type         string     `json:"t"`
	Conversation uuid.UUID  `json:"conversation"`
	Sender       senderView `json:"sender"`
	Seq          int64      `json:"seq"`
}

// marks gathers read marks, so that reading costs the database one statement a second and not one for every message.
type marks struct {
	mu      sync.Mutex
	pending map[uuid.UUID]chat.Mark // by conversation
}

// add raises a pending mark.
func (m *marks) add(mark chat.Mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pending[mark.Conversation]
	mark.Visitor, mark.Staff = max(mark.Visitor, p.Visitor), max(mark.Staff, p.Staff)
	m.pending[mark.Conversation] = mark
}

func (m *marks) take() []chat.Mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Collect(maps.Values(m.pending))
	clear(m.pending)
	return list
}

// read notes that the watcher's side has read up to seq. Nobody has read more than what was sent to them, and nobody
// unreads.
func (r *room) read(w *watcher, sender chat.Sender, seq int64) {
	r.mu.Lock()
	seq = min(seq, w.cursor)
	news := seq > w.read
	if news {
		w.read = seq
	}
	r.mu.Unlock()
	if !news {
		return
	}
	mark := chat.Mark{Workspace: r.workspace, Conversation: r.id}
	if w.visitor {
		mark.Visitor = seq
	} else {
		mark.Staff = seq
	}
	r.hub.marks.add(mark)
	// Where the event does not arrive, the mark is seen with the next state.
	_ = r.hub.c.Bus.Publish("conv."+r.id.String()+".read", readEvent{sender, seq})
}

func (h *Hub) onRead(subject string, data []byte) {
	r := h.room(subject)
	var e readEvent
	if r == nil || json.Unmarshal(data, &e) != nil {
		return
	}
	encoded := frame(readFrameOut{"read", r.id, senderView{e.Sender.Kind, e.Sender.Name}, e.Seq})
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		if w.visitor != (e.Sender.Kind == chat.Visitor) {
			w.socket.put(encoded)
		}
	}
}

// storeMarks writes pending marks until the hub stops, and the last ones then.
func (h *Hub) storeMarks() {
	tick := time.NewTicker(marksEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), 2*marksEvery)
			defer cancel()
			h.flushMarks(ctx)
			return
		case <-tick.C:
			h.flushMarks(h.ctx)
		}
	}
}

// flushMarks keeps what cannot be stored for the next time.
func (h *Hub) flushMarks(ctx context.Context) {
	list := h.marks.take()
	if len(list) == 0 {
		return
	}
	if err := h.c.Log.SetReadMarks(ctx, list); err != nil {
		h.warn("cannot store read marks", err)
		for _, m := range list {
			h.marks.add(m)
		}
	}
}
