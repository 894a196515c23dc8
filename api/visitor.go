package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// operation is one frame type that a client may send, with the permission it needs.
type operation[C any] struct {
	permission auth.Permission
	run        func(C, inbound) error
}

// visitorOperations is the table of what a visitor may send.
func visitorOperations() map[string]operation[*visitorConn] {
	return map[string]operation[*visitorConn]{
		"hello":  {auth.Visitor, (*visitorConn).hello},
		"send":   {auth.Visitor, (*visitorConn).text},
		"person": {auth.Visitor, (*visitorConn).person},
		"typing": {auth.Visitor, (*visitorConn).typing},
		"csat":   {auth.Visitor, (*visitorConn).rate},

		"leave_message": {auth.Visitor, (*visitorConn).leaveMessage},
		"edit":          {auth.Visitor, (*visitorConn).edit},
		"read":          {auth.Visitor, (*visitorConn).seen},
	}
}

// visitorConn is a visitor's connection and the conversation it shows.
type visitorConn struct {
	server  *Server
	socket  peer
	ctx     context.Context
	ws      uuid.UUID
	contact chat.Contact // only the id is known before the visitor speaks
	known   bool         // the rest of contact is filled
	subject auth.Subject
	greeted bool
	current uuid.UUID // conversation; zero until the first message
	room    *room
	watcher *watcher
}

// visitorSocket upgrades a visitor's connection.
func (s *Server) visitorSocket(w http.ResponseWriter, r *http.Request) {
	ticket, err := ticketOf(r)
	if err != nil {
		s.refuseSocket(w, r, err)
		return
	}
	conn, _, err := s.admitVisitor(r, ticket)
	if err != nil {
		s.refuseSocket(w, r, err)
		return
	}
	sock, err := s.upgrade(w, r)
	if err != nil {
		return // the upgrader has answered
	}
	conn.socket = sock
	s.hub.run(sock, s.visitorFrames(conn), func() {}, conn.leave)
}

// visitorFrames returns what carries out the frames of one connection, one at a time.
func (s *Server) visitorFrames(conn *visitorConn) func(inbound) {
	operations, limit := s.visitors, &bucket{}
	return func(in inbound) {
		if !limit.take(conn.allowance()) {
			conn.socket.put(frame(failure(in, errs.New(errs.RateLimited, "too many messages: wait a moment"))))
			return
		}
		dispatch(conn, conn.socket, operations, in, s)
	}
}

// admitVisitor uses a ticket up and returns the visitor it lets in, and the origins of the pages that may show them.
func (s *Server) admitVisitor(r *http.Request, ticket string) (*visitorConn, []string, error) {
	ws, subject, err := s.c.Auth.Redeem(r.Context(), ticket)
	if err != nil {
		return nil, nil, err
	}
	where, err := s.c.Auth.Widget(r.Context(), subject.Widget)
	if err != nil {
		return nil, nil, err
	}
	if !originAllowed(r, where.Origins) {
		return nil, nil, errs.New(errs.Forbidden, "this widget may not be used on %s", r.Header.Get("Origin"))
	}
	conn := &visitorConn{server: s, ctx: s.hub.ctx, ws: ws, contact: chat.Contact{ID: subject.Contact}, subject: subject}
	return conn, where.Origins, nil
}

// refuseSocket answers a refused upgrade. A browser hides the status of a failed upgrade from the page, so a client
// that must take a new ticket is told by a close code on an accepted socket.
func (s *Server) refuseSocket(w http.ResponseWriter, r *http.Request, err error) {
	if !errs.Is(err, errs.Unauthenticated) || !websocket.IsWebSocketUpgrade(r) {
		s.writeProblem(w, r, err)
		return
	}
	sock, upgradeErr := s.upgrade(w, r)
	if upgradeErr != nil {
		return
	}
	sock.close(closeSignIn, errs.Public(err))
}

// dispatch runs the operation of a frame, or answers why not.
func dispatch[C any](conn C, sock peer, operations map[string]operation[C], in inbound, s *Server) {
	op, known := operations[in.Type]
	if !known {
		sock.put(frame(failure(in, errs.New(errs.Invalid, "there is no operation %q", in.Type))))
		return
	}
	if err := op.run(conn, in); err != nil {
		s.logFailure(s.hub.ctx, err)
		sock.put(frame(failure(in, err)))
	}
}

// hello says where the visitor left off; the server answers with the state and all that came since.
func (v *visitorConn) hello(in inbound) error {
	v.leave()
	v.greeted = false
	c, err := v.find(in.Conversation)
	if errs.Is(err, errs.NotFound) && in.Conversation == uuid.Nil {
		zero, no := int64(0), false
		v.socket.put(frame(outbound{Type: "welcome", State: chat.StateBot, LastSeq: &zero, CanRate: &no}))
		v.greeted = true
		return nil
	}
	if err != nil {
		return err
	}
	welcome, err := v.server.hub.describe(v.ctx, c)
	if err != nil {
		return err
	}
	marks, err := v.server.c.Log.ReadMarks(v.ctx, v.ws, c.ID)
	if err != nil {
		return err
	}
	welcome.Type, welcome.Read = "welcome", &marks.Staff
	v.socket.put(frame(welcome))
	v.watch(c, max(0, min(in.Cursor, c.LastSeq)))
	v.greeted = true
	return nil
}

// find returns the conversation asked for if it is this visitor's own, or their latest.
func (v *visitorConn) find(id uuid.UUID) (chat.Conversation, error) {
	if id == uuid.Nil {
		return v.server.c.Log.LatestConversation(v.ctx, v.ws, v.contact.ID)
	}
	c, err := v.server.c.Log.State(v.ctx, v.ws, id)
	if err == nil && c.Contact != v.contact.ID {
		return chat.Conversation{}, errs.New(errs.NotFound, "there is no conversation %s", id)
	}
	return c, err
}

// watch follows a conversation whose state the visitor has just been told.
func (v *visitorConn) watch(c chat.Conversation, cursor int64) {
	v.current = c.ID
	v.watcher = &watcher{socket: v.socket, visitor: true, sender: senderKey(v.sender()), id: c.ID, cursor: cursor}
	v.room = v.server.hub.follow(v.ws, c.ID, v.watcher, c.State)
}

// leave stops watching; the conversation itself goes on.
func (v *visitorConn) leave() {
	if v.room != nil {
		v.server.hub.unwatch(v.room, v.watcher)
		v.room, v.watcher, v.current = nil, nil, uuid.Nil
	}
}

// allowance is larger once people are in charge.
func (v *visitorConn) allowance() allowance {
	if v.room != nil && v.room.withPeople() {
		return personAllowance()
	}
	return botAllowance()
}

func (v *visitorConn) sender() chat.Sender {
	return chat.Sender{Kind: chat.Visitor, ID: v.contact.ID.String(), Name: v.contact.Name}
}

// conversation returns the conversation to write to and starts one if there is none. Before hello it refuses: a retry
// on a new connection must find the conversation that its first attempt may have made.
func (v *visitorConn) conversation() (uuid.UUID, error) {
	if !v.greeted {
		return uuid.Nil, errs.New(errs.Invalid, "send hello first")
	}
	if v.current != uuid.Nil {
		return v.current, nil
	}
	// Another tab may have started one since, or be about to.
	c, err := v.server.c.Log.EnsureConversation(v.ctx, v.ws, chat.NewConversation{
		Contact: v.contact.ID, Channel: "web", Lang: v.subject.Lang, PageURL: v.subject.PageURL})
	if err != nil {
		return uuid.Nil, err
	}
	v.current = c.ID
	v.watcher = &watcher{socket: v.socket, visitor: true, sender: senderKey(v.sender()), id: c.ID}
	v.room = v.server.hub.watch(v.ws, c.ID, v.watcher)
	return c.ID, nil
}

// introduce learns who the visitor is, before they first say something. Most connections are opened to look.
func (v *visitorConn) introduce() error {
	if v.known {
		return nil
	}
	c, err := v.server.c.Log.Contact(v.ctx, v.ws, v.contact.ID)
	if err == nil {
		v.contact, v.known = c, true
	}
	return err
}

// text stores a message and acknowledges it; the acknowledgement leaves only after the commit.
func (v *visitorConn) text(in inbound) error {
	if in.ClientID == uuid.Nil {
		return errs.New(errs.Invalid, "client_id is missing: send a UUID and keep it over retries")
	}
	if err := v.introduce(); err != nil {
		return err
	}
	if in.Kind == chat.KindFile {
		return v.file(in)
	}
	id, err := v.conversation()
	if err != nil {
		return err
	}
	m, err := v.server.c.Log.Append(v.ctx, v.ws, id, chat.Entry{
		ClientID: in.ClientID, Sender: v.sender(), Kind: chat.KindText, Body: in.Body, Epoch: -1})
	if err != nil {
		return err
	}
	v.socket.put(acknowledgement(in.ClientID, m.Seq, id))
	return nil
}

// person queues the conversation for a person.
func (v *visitorConn) person(in inbound) error {
	id, err := v.conversation()
	if err != nil {
		return err
	}
	return v.server.c.Bot.CallPerson(v.ctx, v.ws, id)
}

func (v *visitorConn) typing(in inbound) error {
	if v.current != uuid.Nil {
		if err := v.introduce(); err != nil {
			return err
		}
		v.server.hub.typing(v.current, typingEvent{Sender: v.sender(), On: in.On})
	}
	return nil
}

func (v *visitorConn) rate(in inbound) error {
	if v.current == uuid.Nil {
		return errs.New(errs.Invalid, "there is no conversation to rate")
	}
	return v.server.c.Desk.Rate(v.ctx, v.ws, v.current, v.contact.ID, in.Score, in.Comment, in.ClientID)
}
