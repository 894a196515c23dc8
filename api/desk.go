package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
)

const (
	// deskPause gathers changes of a desk that come together.
	deskPause = 30 * time.Millisecond
	// deskShare is how many times as long as it took to tell of a change no other is told of, so that a large desk in
	// which much happens takes a tenth of the time at most.
	deskShare = 10
	// deskWait bounds that, because offers expire.
	deskWait = 2 * time.Second
	// pollDesksEvery is how often desks are read without a hint.
	pollDesksEvery = 10 * time.Second
	// heldLife is how long it is believed which conversations an agent has without a hint that they changed: hints get
	// lost.
	heldLife = 8 * time.Second
)

// refresh says what is to be told about a desk.
type refresh struct {
	running bool
	again   bool           // something changed since it was begun
	stale   map[int64]bool // agents whose conversations changed
	ready   time.Time      // not before
}

// onDesk hears that a queue, an assignment or a presence changed.
func (h *Hub) onDesk(subject string, data []byte) {
	ws, err := uuid.Parse(strings.TrimPrefix(subject, "desk."))
	if err != nil {
		return
	}
	var hint chat.DeskHint
	_ = json.Unmarshal(data, &hint) // one that names nobody is as good
	h.refreshDesk(ws, hint.Agents...)
}

// refreshDesk tells staff and waiting visitors where things stand, a moment later, once for all the changes that come
// together. The conversations of the agents named have changed.
func (h *Hub) refreshDesk(ws uuid.UUID, agents ...int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return
	}
	r := h.desks[ws]
	if r == nil {
		r = &refresh{stale: map[int64]bool{}}
		h.desks[ws] = r
	}
	for _, a := range agents {
		r.stale[a] = true
	}
	r.again = true
	if !r.running {
		r.running = true
		h.running.Go(func() { h.refreshDesks(ws, r) })
	}
}

// refreshDesks tells of changes until there are no more.
func (h *Hub) refreshDesks(ws uuid.UUID, r *refresh) {
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-time.After(max(deskPause, time.Until(r.ready))):
		}
		h.mu.Lock()
		stale := r.stale
		r.again, r.stale = false, map[int64]bool{}
		h.mu.Unlock()
		begun := time.Now()
		err := h.sendDesk(h.ctx, ws, stale)
		h.mu.Lock()
		pause := min(deskShare*time.Since(begun), deskWait)
		if err != nil {
			h.warn("cannot read the desk", err)
			maps.Copy(r.stale, stale)
			r.again, pause = true, deskWait
		}
		r.ready = time.Now().Add(pause)
		if !r.again {
			r.running = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
	}
}

func (h *Hub) sendDesk(ctx context.Context, ws uuid.UUID, stale map[int64]bool) error {
	staff, waiting := h.concerned(ws)
	for _, r := range waiting {
		h.touch(r, true)
	}
	if len(staff) == 0 {
		return nil
	}
	d, err := h.readDesk(ctx, ws)
	if err != nil {
		return err
	}
	var failures []error
	for _, a := range staff {
		f, err := h.deskOf(ctx, a, d, stale[a.me.User])
		if err != nil { // the others are told all the same
			failures = append(failures, err)
			continue
		}
		a.socket.put(frame(f))
	}
	return errors.Join(failures...)
}

// pollDesks is the net under the hints of desks: staff learn of a change within seconds if its hint was lost.
func (h *Hub) pollDesks() {
	tick := time.NewTicker(pollDesksEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		for ws := range h.staff() {
			h.refreshDesk(ws)
		}
	}
}

// concerned returns the staff of a workspace and the rooms of visitors who wait.
func (h *Hub) concerned(ws uuid.UUID) (staff []*agentConn, waiting []*room) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for a := range h.agents {
		if a.me.Workspace == ws {
			staff = append(staff, a)
		}
	}
	for _, r := range h.rooms {
		r.mu.Lock()
		if r.workspace == ws && r.state == chat.StateQueued {
			waiting = append(waiting, r)
		}
		r.mu.Unlock()
	}
	return staff, waiting
}

// deskNow is what all members of staff are told of, read once.
type deskNow struct {
	queue     []handoff.Waiting
	board     handoff.Board
	presences map[int64]handoff.Presence
}

func (h *Hub) readDesk(ctx context.Context, ws uuid.UUID) (d deskNow, err error) {
	if d.queue, err = h.c.Desk.Queue(ctx, ws); err != nil {
		return d, err
	}
	if d.board, err = h.c.Desk.Board(ctx, ws); err != nil {
		return d, err
	}
	all, err := h.c.Desk.Presences(ctx, ws)
	d.presences = map[int64]handoff.Presence{}
	for _, p := range all {
		d.presences[p.AgentID] = p
	}
	return d, err
}

// deskOf is the desk as one member of staff sees it. changed says that they have other conversations than before.
func (h *Hub) deskOf(ctx context.Context, a *agentConn, d deskNow, changed bool) (deskFrame, error) {
	f := deskFrame{Type: "desk", Waiting: waitingOf(d.queue, d.board), Mine: []mineView{}, Offers: []offerView{}, Alerts: []alertView{}}
	p, known := d.presences[a.me.User]
	if !known || !a.me.Role.May(auth.WorkDesk) {
		p = handoff.Presence{Status: handoff.Offline}
	}
	f.Me = deskMe{Status: p.Status, Load: p.Load, Capacity: p.Capacity}
	if !a.me.Role.May(auth.WorkDesk) {
		return f, nil
	}
	if err := a.readHeld(ctx, changed); err != nil {
		return deskFrame{}, err
	}
	for _, c := range a.held {
		f.Mine = append(f.Mine, mineOf(c, d.board.Marks[c.ID], false))
	}
	for _, id := range d.board.Guests[a.me.User] {
		c, err := h.c.Log.Conversation(ctx, a.me.Workspace, id)
		if err != nil {
			return deskFrame{}, err
		}
		f.Mine = append(f.Mine, mineOf(c, d.board.Marks[c.ID], true))
	}
	f.Offers, f.Alerts = offersTo(a.me.User, d.queue, d.board), alertsFor(a.me, d.board)
	return f, nil
}

// readHeld brings up to date which conversations the agent is in charge of.
func (a *agentConn) readHeld(ctx context.Context, changed bool) error {
	if !changed && time.Since(a.heldAt) < heldLife {
		return nil
	}
	now := time.Now()
	held, err := a.server.c.Log.Conversations(ctx, a.me.Workspace,
		chat.Filter{States: []chat.State{chat.StateHuman}, AgentID: a.me.User})
	if err == nil {
		a.held, a.heldAt = held, now
	}
	return err
}
