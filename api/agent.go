package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// agentOperations is the table of what a member of staff may send.
func agentOperations() map[string]operation[*agentConn] {
	return map[string]operation[*agentConn]{
		"hello":   {auth.ReadConversations, (*agentConn).hello},
		"watch":   {auth.ReadConversations, (*agentConn).watch},
		"unwatch": {auth.ReadConversations, (*agentConn).unwatch},
		"send":    {auth.WorkDesk, (*agentConn).text},
		"typing":  {auth.WorkDesk, (*agentConn).typing},
		"status":  {auth.WorkDesk, (*agentConn).status},
		"claim":   {auth.WorkDesk, (*agentConn).claim},
		"close":   {auth.WorkDesk, (*agentConn).end},
		"return":  {auth.WorkDesk, (*agentConn).giveBack},

		"accept":   {auth.WorkDesk, (*agentConn).accept},
		"decline":  {auth.WorkDesk, (*agentConn).decline},
		"transfer": {auth.WorkDesk, (*agentConn).transfer},
		"invite":   {auth.WorkDesk, (*agentConn).invite},
		"leave":    {auth.WorkDesk, (*agentConn).leaveConference},
		"edit":     {auth.WorkDesk, (*agentConn).edit},
		"read":     {auth.WorkDesk, (*agentConn).seen},
	}
}

// agentConn is the socket of a member of staff and the conversations it shows.
type agentConn struct {
	server  *Server
	socket  *socket
	ctx     context.Context
	me      auth.Principal
	watched map[uuid.UUID]watched

	held   []chat.Conversation // in charge of, when the desk was read last; only the refresh of the desk touches it
	heldAt time.Time           // of that; zero = never
}

type watched struct {
	room    *room
	watcher *watcher
}

// agentSocket upgrades the connection of a member of staff.
func (s *Server) agentSocket(w http.ResponseWriter, r *http.Request) {
	conn, err := s.admitAgent(r)
	if err != nil {
		s.refuseSocket(w, r, err)
		return
	}
	if conn.socket, err = s.upgrade(w, r); err != nil {
		return // the upgrader has answered
	}
	s.hub.join(conn)
	operations := s.staff
	handle := func(in inbound) { conn.checked(operations, in) }
	s.hub.run(conn.socket, handle, conn.alive, conn.leave)
}

func (s *Server) admitAgent(r *http.Request) (*agentConn, error) {
	if !originAllowed(r, nil) {
		return nil, errs.New(errs.Forbidden, "the desk may not be used from %s", r.Header.Get("Origin"))
	}
	ws, subject, err := s.redeem(r)
	if err != nil {
		return nil, err
	}
	if subject.User == 0 {
		return nil, errs.New(errs.Forbidden, "this ticket is a visitor's")
	}
	me, err := s.c.Auth.User(r.Context(), ws, subject.User)
	if err != nil {
		return nil, err
	}
	return &agentConn{server: s, ctx: s.hub.ctx, me: me, watched: map[uuid.UUID]watched{}}, nil
}

// checked runs an operation if the role may.
func (a *agentConn) checked(operations map[string]operation[*agentConn], in inbound) {
	if op, known := operations[in.Type]; known && !a.me.Role.May(op.permission) {
		a.socket.put(frame(failure(in, errs.New(errs.Forbidden, "the role %s may not %s: it needs %s", a.me.Role, in.Type, op.permission))))
		return
	}
	dispatch(a, a.socket, operations, in, a.server)
}

// alive renews the agent's presence. An account that was disabled or given another role meanwhile loses its socket.
func (a *agentConn) alive() {
	now, err := a.server.c.Auth.User(a.ctx, a.me.Workspace, a.me.User)
	if errs.Is(err, errs.Unauthenticated) || err == nil && now.Role != a.me.Role {
		a.socket.close(closeSignIn, "your account has changed: sign in again")
		return
	}
	if !a.me.Role.May(auth.WorkDesk) {
		return
	}
	// Conflict means that they have not gone online: there is nothing to renew.
	if err := a.server.c.Desk.Renew(a.ctx, a.me.Workspace, a.me.User); err != nil && !errs.Is(err, errs.Conflict) {
		a.server.hub.warn("cannot renew an agent's presence", err)
	}
}

// leave forgets the socket. The agent's presence ends by its lease, so that reloading the page loses nothing.
func (a *agentConn) leave() {
	a.server.hub.part(a)
	for _, w := range a.watched {
		a.server.hub.unwatch(w.room, w.watcher)
	}
	a.watched = nil
}

func (a *agentConn) hello(inbound) error {
	a.alive()
	p, err := a.presence()
	if err != nil {
		return err
	}
	a.socket.put(frame(agentWelcome{Type: "welcome", Me: meView{a.me.User, a.me.Name, a.me.Role},
		Status: p.Status, Load: p.Load, Capacity: p.Capacity}))
	a.server.hub.refreshDesk(a.me.Workspace)
	return nil
}

// presence of a role without a place at the desk is offline and empty.
func (a *agentConn) presence() (handoff.Presence, error) {
	if !a.me.Role.May(auth.WorkDesk) {
		return handoff.Presence{Status: handoff.Offline}, nil
	}
	return a.server.c.Desk.Presence(a.ctx, a.me.Workspace, a.me.User)
}

func (a *agentConn) watch(in inbound) error {
	c, err := a.server.readable(a.ctx, a.me, in.Conversation)
	if err != nil {
		return err
	}
	_ = a.unwatch(in)
	w := &watcher{socket: a.socket, sender: senderKey(a.sender()), id: c.ID, cursor: max(0, min(in.Cursor, c.LastSeq)),
		may: func(ctx context.Context) error {
			_, err := a.server.readable(ctx, a.me, c.ID)
			return err
		}}
	a.watched[c.ID] = watched{room: a.server.hub.watch(a.me.Workspace, c.ID, w), watcher: w}
	return nil
}

func (a *agentConn) unwatch(in inbound) error {
	if w, ok := a.watched[in.Conversation]; ok {
		a.server.hub.unwatch(w.room, w.watcher)
		delete(a.watched, in.Conversation)
	}
	return nil
}

func (a *agentConn) sender() chat.Sender {
	return chat.Sender{Kind: chat.Agent, ID: strconv.FormatInt(a.me.User, 10), Name: a.me.Name}
}

// mine returns the conversation if this agent is in charge of it, or was invited into it.
func (a *agentConn) mine(id uuid.UUID) (chat.Conversation, error) {
	c, err := a.server.c.Log.State(a.ctx, a.me.Workspace, id)
	if err != nil {
		return chat.Conversation{}, err
	}
	if c.State == chat.StateHuman && c.AgentID != a.me.User {
		guest, err := a.server.c.Desk.IsGuest(a.ctx, a.me.Workspace, id, a.me.User)
		if err != nil || guest {
			return c, err
		}
	}
	if c.State != chat.StateHuman || c.AgentID != a.me.User {
		return chat.Conversation{}, errs.New(errs.Conflict, "this conversation is not yours any more")
	}
	return c, nil
}

// text stores a reply to the visitor or a note. It carries the epoch under which the agent is in charge, so that a
// reply that was overtaken by a transfer is refused.
func (a *agentConn) text(in inbound) error {
	if in.Kind == chat.KindFile {
		return a.file(in)
	}
	epoch, err := a.epoch(in.Conversation)
	if err != nil {
		return err
	}
	if in.Kind != chat.KindNote {
		in.Kind = chat.KindText
	}
	m, err := a.server.c.Log.Append(a.ctx, a.me.Workspace, in.Conversation, chat.Entry{
		ClientID: in.ClientID, Sender: a.sender(), Kind: in.Kind, Body: in.Body, Epoch: epoch})
	if err != nil {
		return err
	}
	a.socket.put(acknowledgement(in.ClientID, m.Seq, in.Conversation))
	return nil
}

func (a *agentConn) typing(in inbound) error {
	if _, ok := a.watched[in.Conversation]; ok {
		a.server.hub.typing(in.Conversation, typingEvent{Sender: a.sender(), On: in.On})
	}
	return nil
}

func (a *agentConn) status(in inbound) error {
	return a.server.c.Desk.SetStatus(a.ctx, a.me.Workspace, a.me.User, in.Status)
}

func (a *agentConn) claim(in inbound) error {
	return a.server.c.Desk.Claim(a.ctx, a.me.Workspace, in.Conversation, a.me.User)
}

func (a *agentConn) end(in inbound) error {
	return a.server.c.Desk.Close(a.ctx, a.me.Workspace, in.Conversation, a.me.User, in.ClientID)
}

func (a *agentConn) giveBack(in inbound) error {
	return a.server.c.Desk.Return(a.ctx, a.me.Workspace, in.Conversation, a.me.User, in.ClientID)
}

// join adds a staff socket to those that are told of every change of the desk.
func (h *Hub) join(a *agentConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.agents[a] = struct{}{}
}

func (h *Hub) part(a *agentConn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.agents, a)
}
