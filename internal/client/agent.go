package client

import (
	"context"
	"encoding/json"
	"strings"

	"handrail/internal/errs"
)

// Agent is the end of a member of staff.
type Agent struct {
	link
	email, password string

	// The link's mu guards the rest.
	cookie  string           // of the session
	status  string           // online or away, repeated on every connection; "" = not at the desk
	watched map[string]int64 // cursor by conversation
	asked   map[string]bool  // for what lies between the cursor and a higher number
}

// NewAgent returns a member of staff who is away until Run.
func NewAgent(c Config, email, password string, on Handlers) (*Agent, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	a := &Agent{email: email, password: password, watched: map[string]int64{}, asked: map[string]bool{},
		link: link{config: c, path: "/ws/agent", on: on, settled: make(chan struct{})}}
	a.ticket, a.greet, a.handle = a.session, a.hello, a.frame
	return a, nil
}

// Run stays connected until ctx ends, and returns its cause. It returns early with an error of kind
// errs.Unauthenticated or errs.Forbidden if the server does not accept the account.
func (a *Agent) Run(ctx context.Context) error { return a.run(ctx) }

// SetStatus goes online or away, now and after every reconnection.
func (a *Agent) SetStatus(status string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status = status
	a.put(outbound{Type: "status", Status: status})
}

// Watch shows the entries of a conversation after the cursor, and those to come. Watching twice changes nothing.
func (a *Agent) Watch(conversation string, cursor int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.watched[conversation]; ok {
		return
	}
	a.watched[conversation] = cursor
	a.put(a.watch(conversation))
}

// Unwatch stops showing a conversation.
func (a *Agent) Unwatch(conversation string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.watched, conversation)
	a.put(outbound{Type: "unwatch", Conversation: conversation})
}

// Cursor returns the number of the last entry shown of a watched conversation.
func (a *Agent) Cursor(conversation string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watched[conversation]
}

// Send puts a reply into the outbox and returns its client id. It is refused as a conflict once the conversation is
// someone else's.
func (a *Agent) Send(conversation, body string) string {
	return a.post(outbound{Type: "send", ClientID: newID(), Conversation: conversation, Body: body, Kind: "text"})
}

// Close ends a conversation, which should be watched: its entry is the answer.
func (a *Agent) Close(conversation string) string {
	return a.post(outbound{Type: "close", ClientID: newID(), Conversation: conversation})
}

// Claim takes a waiting conversation. It is lost if the agent is away; the desk tells how it went.
func (a *Agent) Claim(conversation string) {
	a.once(outbound{Type: "claim", Conversation: conversation})
}

// Wait returns when everything sent was settled, or with an error of kind errs.Unavailable when ctx ends before.
func (a *Agent) Wait(ctx context.Context) error { return a.wait(ctx) }

// Pending returns how many frames are not settled yet.
func (a *Agent) Pending() int { return a.pending() }

// Drop breaks the present connection. The agent comes back by itself.
func (a *Agent) Drop() { a.drop() }

// session takes a ticket, signing in first where the server does not know the session.
func (a *Agent) session(ctx context.Context, base string) (string, error) {
	a.mu.Lock()
	cookie := a.cookie
	a.mu.Unlock()
	if cookie != "" {
		ticket, err := a.take(ctx, base, cookie)
		if !errs.Is(err, errs.Unauthenticated) {
			return ticket, err
		}
	}
	cookie, err := a.signIn(ctx, base)
	if err != nil {
		return "", err
	}
	return a.take(ctx, base, cookie)
}

func (a *Agent) take(ctx context.Context, base, cookie string) (string, error) {
	var out struct{ Ticket string }
	_, err := post(ctx, a.config.requests(), base+"/api/v1/agent/ticket", cookie, struct{}{}, &out)
	return out.Ticket, err
}

func (a *Agent) signIn(ctx context.Context, base string) (string, error) {
	var me struct{ ID int64 }
	in := map[string]string{"email": a.email, "password": a.password}
	response, err := post(ctx, a.config.requests(), base+"/api/v1/login", "", in, &me)
	if err != nil {
		return "", err
	}
	var pairs []string
	for _, c := range response.Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cookie = strings.Join(pairs, "; ")
	return a.cookie, nil
}

func (a *Agent) hello() []outbound {
	frames := []outbound{{Type: "hello"}}
	if a.status != "" {
		frames = append(frames, outbound{Type: "status", Status: a.status})
	}
	clear(a.asked)
	for conversation := range a.watched {
		frames = append(frames, a.watch(conversation))
	}
	return frames
}

func (a *Agent) watch(conversation string) outbound {
	cursor := a.watched[conversation]
	return outbound{Type: "watch", Conversation: conversation, Cursor: &cursor}
}

// frame handles one frame and reports whether it is the welcome.
func (a *Agent) frame(h head, data []byte) bool {
	switch h.Type {
	case "state":
		if a.on.State != nil {
			a.on.State(h.state(h.Conversation))
		}
	case "msg":
		a.entry(h, data)
	case "desk":
		var d Desk
		if a.on.Desk != nil && json.Unmarshal(data, &d) == nil {
			a.on.Desk(d)
		}
	default:
		a.common(h, data)
	}
	return h.Type == "welcome"
}

// entry shows an entry of a watched conversation if it is the next.
func (a *Agent) entry(h head, data []byte) {
	var e Entry
	if json.Unmarshal(data, &e) != nil {
		return
	}
	a.mu.Lock()
	cursor, watched := a.watched[h.Conversation]
	next := watched && h.Seq == cursor+1
	switch {
	case next:
		a.watched[h.Conversation] = h.Seq
		delete(a.asked, h.Conversation)
	case watched && h.Seq > cursor && !a.asked[h.Conversation]:
		a.put(a.watch(h.Conversation))
		a.asked[h.Conversation] = true // once is enough: more entries of the same stretch may be on their way
	}
	a.mu.Unlock()
	if !next {
		return
	}
	if e.Sender.Kind == "agent" || e.Sender.Kind == "system" {
		a.settle(e.ClientID) // shown is as good as acknowledged
	}
	if a.on.Entry != nil {
		a.on.Entry(e)
	}
}
