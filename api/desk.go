package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
)

// onDesk hears that a queue, an assignment or a presence changed.
func (h *Hub) onDesk(subject string, _ []byte) {
	if ws, err := uuid.Parse(strings.TrimPrefix(subject, "desk.")); err == nil {
		h.refreshDesk(ws)
	}
}

// refreshDesk tells staff and waiting visitors where things stand, a moment later, once for all the changes that come
// together.
func (h *Hub) refreshDesk(ws uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.desks[ws] || h.ctx.Err() != nil {
		return
	}
	h.desks[ws] = true
	h.running.Go(func() {
		select {
		case <-h.ctx.Done():
			return
		case <-time.After(deskPause):
		}
		h.mu.Lock()
		delete(h.desks, ws)
		h.mu.Unlock()
		h.sendDesk(h.ctx, ws)
	})
}

func (h *Hub) sendDesk(ctx context.Context, ws uuid.UUID) {
	var staff []*agentConn
	var waiting []*room
	h.mu.Lock()
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
	h.mu.Unlock()
	for _, r := range waiting {
		h.touch(r, true)
	}
	if len(staff) == 0 {
		return
	}
	queue, err := h.c.Desk.Queue(ctx, ws)
	if err != nil {
		h.warn("cannot read the queue", err)
		return
	}
	board, err := h.c.Desk.Board(ctx, ws)
	if err != nil {
		h.warn("cannot read the desk", err)
		return
	}
	for _, a := range staff {
		f, err := h.deskOf(ctx, a, queue, board)
		if err != nil {
			h.warn("cannot read an agent's desk", err)
			continue
		}
		a.socket.put(frame(f))
	}
}

// deskOf is the desk as one member of staff sees it.
func (h *Hub) deskOf(ctx context.Context, a *agentConn, queue []handoff.Waiting, board handoff.Board) (deskFrame, error) {
	f := deskFrame{Type: "desk", Waiting: waitingOf(queue, board), Mine: []mineView{}, Offers: []offerView{}, Alerts: []alertView{}}
	p, err := a.presence()
	if err != nil {
		return deskFrame{}, err
	}
	f.Me = deskMe{Status: p.Status, Load: p.Load, Capacity: p.Capacity}
	if !a.me.Role.May(auth.WorkDesk) {
		return f, nil
	}
	mine, err := h.c.Log.Conversations(ctx, a.me.Workspace, chat.Filter{States: []chat.State{chat.StateHuman}, AgentID: a.me.User})
	if err != nil {
		return deskFrame{}, err
	}
	for _, c := range mine {
		f.Mine = append(f.Mine, mineOf(c, board.Marks[c.ID], false))
	}
	for _, id := range board.Guests[a.me.User] {
		c, err := h.c.Log.Conversation(ctx, a.me.Workspace, id)
		if err != nil {
			return deskFrame{}, err
		}
		f.Mine = append(f.Mine, mineOf(c, board.Marks[c.ID], true))
	}
	f.Offers, f.Alerts = offersTo(a.me.User, queue, board), alertsFor(a.me, board)
	return f, nil
}
