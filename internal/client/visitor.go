package client

import (
	"context"
	"encoding/json"
)

// Site is what a page knows about its visitor.
type Site struct {
	Key     string // of the widget
	Token   string // of a contact that an earlier session has made; "" for a new one
	Lang    string // en or zh
	PageURL string

	// Where an earlier session left off: what a client keeps beside the token. Zero values start from the beginning.
	Conversation string
	Cursor       int64 // number of the last entry shown
}

// Visitor is a visitor's end of the chat.
type Visitor struct {
	link
	site Site

	// The link's mu guards the rest.
	conversation string
	cursor       int64
	asked        bool // for what lies between the cursor and a higher number
}

// NewVisitor returns a visitor who is away until Run.
func NewVisitor(c Config, s Site, on Handlers) (*Visitor, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	v := &Visitor{site: s, conversation: s.Conversation, cursor: s.Cursor, link: link{config: c, path: "/ws/visitor", on: on, settled: make(chan struct{})}}
	v.ticket, v.greet, v.handle = v.session, v.hello, v.frame
	return v, nil
}

// Run stays connected until ctx ends, and returns its cause. It returns early with an error of kind errs.Forbidden,
// errs.NotFound or errs.Invalid if the server does not know the widget or does not let this page in.
func (v *Visitor) Run(ctx context.Context) error { return v.run(ctx) }

// Send puts a message into the outbox and returns its client id.
func (v *Visitor) Send(body string) string { return v.SendAs(newID(), body) }

// SendAs is Send under a client id that was chosen earlier, as by a session that ended before the acknowledgement. It
// returns the id.
func (v *Visitor) SendAs(clientID, body string) string {
	return v.post(outbound{Type: "send", ClientID: clientID, Body: body})
}

// Rate rates a closed conversation from 1 to 5.
func (v *Visitor) Rate(score int) string {
	return v.post(outbound{Type: "csat", ClientID: newID(), Score: score})
}

// CallPerson asks for a person. It is lost if the visitor is away; repeating it does no harm.
func (v *Visitor) CallPerson() { v.once(outbound{Type: "person"}) }

// Wait returns when everything sent was settled, or with an error of kind errs.Unavailable when ctx ends before.
func (v *Visitor) Wait(ctx context.Context) error { return v.wait(ctx) }

// Pending returns how many frames are not settled yet.
func (v *Visitor) Pending() int { return v.pending() }

// Drop breaks the present connection. The visitor comes back by itself.
func (v *Visitor) Drop() { v.drop() }

// Place returns the conversation, "" before the first message, and the number of the last entry shown.
func (v *Visitor) Place() (conversation string, cursor int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.conversation, v.cursor
}

// Token identifies the contact in a later session. It is empty before the first one.
func (v *Visitor) Token() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.site.Token
}

// session takes a ticket and keeps the contact's token.
func (v *Visitor) session(ctx context.Context, base string) (string, error) {
	in := map[string]string{"key": v.site.Key, "contact_token": v.Token(), "lang": v.site.Lang, "page_url": v.site.PageURL}
	var out struct {
		Token  string `json:"contact_token"`
		Ticket string `json:"ticket"`
	}
	if _, err := post(ctx, v.config.requests(), base+"/api/v1/widget/session", "", in, &out); err != nil {
		return "", err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.site.Token = out.Token
	return out.Ticket, nil
}

func (v *Visitor) hello() []outbound {
	cursor := v.cursor
	v.asked = false
	return []outbound{{Type: "hello", Conversation: v.conversation, Cursor: &cursor}}
}

// frame handles one frame and reports whether it is the welcome.
func (v *Visitor) frame(h head, data []byte) bool {
	switch h.Type {
	case "welcome", "state":
		v.found(h.Conversation)
		if v.on.State != nil {
			v.on.State(h.state(h.Conversation))
		}
	case "msg":
		v.entry(h, data)
	case "ack":
		v.found(h.Conversation)
		v.common(h, data)
	default:
		v.common(h, data)
	}
	return h.Type == "welcome"
}

// found notes the conversation once it exists.
func (v *Visitor) found(conversation string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conversation == "" {
		v.conversation = conversation
	}
}

// entry shows an entry if it is the next.
func (v *Visitor) entry(h head, data []byte) {
	var e Entry
	if json.Unmarshal(data, &e) != nil {
		return
	}
	v.mu.Lock()
	next := h.Seq == v.cursor+1
	switch {
	case next:
		v.cursor, v.asked = h.Seq, false
		e.Conversation = v.conversation
	case h.Seq > v.cursor && !v.asked:
		for _, f := range v.hello() {
			v.put(f)
		}
		v.asked = true // once is enough: more entries of the same stretch may be on their way
	}
	v.mu.Unlock()
	if !next {
		return
	}
	if e.Sender.Kind == "visitor" {
		v.settle(e.ClientID) // shown is as good as acknowledged
	}
	if v.on.Entry != nil {
		v.on.Entry(e)
	}
}
