package api

import (
	"encoding/json"
	"math"
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// Subprotocol is the version of the WebSocket protocol; see docs/protocol.md.
const Subprotocol = "handrail.v1"

// inbound is any frame that a client sends; each operation reads its own fields.
type inbound struct {
	Type         string    `json:"t"`
	Conversation uuid.UUID `json:"conversation"`
	Cursor       int64     `json:"cursor"`
	ClientID     uuid.UUID `json:"client_id"`
	Body         string    `json:"body"`
	Kind         chat.Kind `json:"kind"`
	On           bool      `json:"on"`
	Score        int       `json:"score"`
	Comment      string    `json:"comment"`
	Status       string    `json:"status"`
	Group        string    `json:"group"`
	AgentID      int64     `json:"agent_id"`
	Note         string    `json:"note"`
	Email        string    `json:"email"`
	Seq          int64     `json:"seq"`
	Removed      bool      `json:"removed"`
	Attachment   uuid.UUID `json:"attachment"`
}

// outbound is any frame that the server sends.
type outbound struct {
	Type         string     `json:"t"`
	Conversation *uuid.UUID `json:"conversation,omitempty"`

	// t = welcome, state
	State   chat.State `json:"state,omitempty"`
	LastSeq *int64     `json:"last_seq,omitempty"`
	Queue   *queueView `json:"queue,omitempty"`
	Agent   *nameView  `json:"agent,omitempty"`
	CanRate *bool      `json:"can_rate,omitempty"`
	Hours   *hoursView `json:"hours,omitempty"` // while nobody is on duty
	Read    *int64     `json:"read,omitempty"`  // how far the other side has read
}

type queueView struct {
	Position int `json:"position"`
	WaitS    int `json:"wait_s"`            // expected, in seconds; 0 = unknown
	ErrorS   int `json:"error_s,omitempty"` // standard error of wait_s
}

type nameView struct {
	Name string `json:"name"`
}

// deltaFrame carries a piece of an answer. An empty text at offset 0 withdraws what was shown.
type deltaFrame struct {
	Type         string    `json:"t"`
	Conversation uuid.UUID `json:"conversation"`
	Delta
}

type errorFrame struct {
	Type         string     `json:"t"`
	Conversation *uuid.UUID `json:"conversation,omitempty"`
	ClientID     *uuid.UUID `json:"client_id,omitempty"`
	Code         errs.Kind  `json:"code"`
	Message      string     `json:"message"`
	RetryAfterMs int64      `json:"retry_after_ms,omitempty"`
}

type typingFrame struct {
	Type         string     `json:"t"`
	Conversation *uuid.UUID `json:"conversation,omitempty"`
	Sender       senderView `json:"sender"`
	On           bool       `json:"on"`
}

type agentWelcome struct {
	Type     string `json:"t"`
	Me       meView `json:"me"`
	Status   string `json:"status"`
	Load     int    `json:"load"`
	Capacity int    `json:"capacity"`
}

type meView struct {
	ID   int64     `json:"id"`
	Name string    `json:"name"`
	Role auth.Role `json:"role"`
}

type deskFrame struct {
	Type    string        `json:"t"`
	Waiting []waitingView `json:"waiting"`
	Mine    []mineView    `json:"mine"`
	Offers  []offerView   `json:"offers"`
	Alerts  []alertView   `json:"alerts"`
	Me      deskMe        `json:"me"`
}

type deskMe struct {
	Status   string `json:"status"`
	Load     int    `json:"load"`
	Capacity int    `json:"capacity"`
}

type waitingView struct {
	Group        string     `json:"group"`
	DueAt        *time.Time `json:"due_at,omitempty"` // of the first response
	Conversation uuid.UUID  `json:"conversation"`
	Since        time.Time  `json:"since"`
	Reason       string     `json:"reason"`
	Priority     int        `json:"priority"`
	Preview      string     `json:"preview"`
	Lang         string     `json:"lang"`
	Name         string     `json:"name"`
}

type mineView struct {
	Unread       int        `json:"unread"` // the visitor's messages since a person last wrote
	DueAt        *time.Time `json:"due_at,omitempty"`
	Guest        bool       `json:"guest"` // invited by the agent in charge
	Conversation uuid.UUID  `json:"conversation"`
	State        chat.State `json:"state"`
	Since        time.Time  `json:"since"`
	Preview      string     `json:"preview"`
	Lang         string     `json:"lang"`
	Name         string     `json:"name"`
	LastSeq      int64      `json:"last_seq"`
}

func placeOf(p handoff.Place) *queueView {
	if p.Position == 0 {
		return nil
	}
	return &queueView{Position: p.Position, WaitS: int(math.Ceil(p.Wait.Seconds())), ErrorS: int(math.Ceil(p.Error.Seconds()))}
}

// frame encodes v; every frame type of this package encodes.
func frame(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"t":"error","code":"internal","message":"a frame could not be encoded"}`)
	}
	return b
}

func failure(in inbound, err error) errorFrame {
	f := errorFrame{Type: "error", Code: errs.KindOf(err), Message: errs.Public(err)}
	if in.ClientID != uuid.Nil {
		f.ClientID = &in.ClientID
	}
	if in.Conversation != uuid.Nil {
		f.Conversation = &in.Conversation
	}
	if f.Code == errs.Unavailable || f.Code == errs.RateLimited || f.Code == errs.Internal {
		f.RetryAfterMs = 1000
	}
	return f
}
