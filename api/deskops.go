package api

import (
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/errs"
)

// dismissEvery is how often it is looked whether staff who are connected have been disabled.
const dismissEvery = 2 * time.Second

func (a *agentConn) accept(in inbound) error {
	return a.server.c.Desk.Accept(a.ctx, a.me.Workspace, in.Conversation, a.me.User)
}

func (a *agentConn) decline(in inbound) error {
	return a.server.c.Desk.Decline(a.ctx, a.me.Workspace, in.Conversation, a.me.User)
}

func (a *agentConn) transfer(in inbound) error {
	return a.server.c.Desk.Transfer(a.ctx, a.me.Workspace, handoff.Transfer{Conversation: in.Conversation, From: a.me.User,
		ClientID: in.ClientID, Group: in.Group, Agent: in.AgentID, Note: in.Note})
}

func (a *agentConn) invite(in inbound) error {
	err := a.server.c.Desk.Invite(a.ctx, a.me.Workspace, in.Conversation, a.me.User, in.AgentID, in.Note, in.ClientID)
	if err == nil {
		a.server.hub.tellDesk(a.me.Workspace)
	}
	return err
}

func (a *agentConn) leaveConference(in inbound) error {
	err := a.server.c.Desk.Leave(a.ctx, a.me.Workspace, in.Conversation, a.me.User)
	if err == nil {
		a.server.hub.tellDesk(a.me.Workspace)
	}
	return err
}

// tellDesk hints to all nodes that what desks show has changed, where neither state nor agent of a conversation did.
func (h *Hub) tellDesk(ws uuid.UUID) {
	// A lost hint costs time only.
	_ = h.c.Bus.Publish("desk."+ws.String(), struct{}{})
}

// leaveMessage takes down where the visitor who waits can be reached, and acknowledges it like a text.
func (v *visitorConn) leaveMessage(in inbound) error {
	if v.current == uuid.Nil {
		return errs.New(errs.Conflict, "there is no conversation that waits: send an ordinary message")
	}
	seq, err := v.server.c.Desk.LeaveMessage(v.ctx, v.ws, v.current, v.sender(), in.Email, in.Body, in.ClientID)
	if err != nil {
		return err
	}
	v.socket.put(acknowledgement(in.ClientID, seq, v.current))
	return nil
}

// dismissDisabled closes the sockets of staff whose account was disabled, wherever that was done.
func (h *Hub) dismissDisabled() {
	tick := time.NewTicker(dismissEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
		}
		for ws, conns := range h.staff() {
			ids := make([]int64, 0, len(conns))
			for id := range conns {
				ids = append(ids, id)
			}
			gone, err := h.c.Auth.Disabled(h.ctx, ws, ids)
			if err != nil {
				h.warn("cannot look for disabled accounts", err)
				continue
			}
			for _, id := range gone {
				for _, a := range conns[id] {
					a.socket.close(closeSignIn, "your account is disabled")
				}
			}
		}
	}
}

// staff lists the staff sockets of this node by workspace and user.
func (h *Hub) staff() map[uuid.UUID]map[int64][]*agentConn {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[uuid.UUID]map[int64][]*agentConn{}
	for a := range h.agents {
		if all[a.me.Workspace] == nil {
			all[a.me.Workspace] = map[int64][]*agentConn{}
		}
		all[a.me.Workspace][a.me.User] = append(all[a.me.Workspace][a.me.User], a)
	}
	return all
}
