package client

import (
	"encoding/json"
	"time"
)

// Sender is who an entry is from: the kind is visitor, bot, agent or system.
type Sender struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Entry is one durable thing that happened in a conversation.
type Entry struct {
	Conversation string          `json:"conversation"` // UUID
	Seq          int64           `json:"seq"`          // 1, 2, 3, ... without gaps
	ClientID     string          `json:"client_id"`    // what its sender chose
	Sender       Sender          `json:"sender"`
	Kind         string          `json:"kind"`
	Body         string          `json:"body"`
	Data         json.RawMessage `json:"data"`
	At           time.Time       `json:"at"`
}

// Ack says that a message is committed under a number.
type Ack struct {
	Conversation string `json:"conversation"`
	ClientID     string `json:"client_id"`
	Seq          int64  `json:"seq"`
}

// Refusal says why a frame was refused; Code is a kind of package errs.
type Refusal struct {
	Conversation string `json:"conversation"`
	ClientID     string `json:"client_id"`
	Code         string `json:"code"`
	Message      string `json:"message"`
	RetryAfterMs int64  `json:"retry_after_ms"`
}

// Delta is a piece of the answer to the visitor's entry Turn. Text at an offset, counted in characters, replaces what
// stood there and after it.
type Delta struct {
	Conversation string `json:"conversation"`
	Turn         int64  `json:"turn"`
	Offset       int    `json:"offset"`
	Text         string `json:"text"`
}

// State says who is in charge of a conversation: bot, queued, human or closed. Agent is empty unless it is human.
type State struct {
	Conversation string
	State        string
	Agent        string
}

// Desk is what staff see of the queue.
type Desk struct {
	Waiting []Waiting `json:"waiting"`
	Mine    []Mine    `json:"mine"`
}

// Waiting is a conversation in the queue.
type Waiting struct {
	Conversation string `json:"conversation"`
	Reason       string `json:"reason"`
}

// Mine is a conversation that the agent is in charge of.
type Mine struct {
	Conversation string `json:"conversation"`
	State        string `json:"state"`
	LastSeq      int64  `json:"last_seq"`
}

// outbound is any frame that a client sends; fields that a frame does not have stay empty.
type outbound struct {
	Type         string `json:"t"`
	Conversation string `json:"conversation,omitempty"`
	Cursor       *int64 `json:"cursor,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	Body         string `json:"body,omitempty"`
	Kind         string `json:"kind,omitempty"`
	Status       string `json:"status,omitempty"`
	Score        int    `json:"score,omitempty"`
	On           bool   `json:"on,omitempty"`
}

// head is what every frame from the server is read for first; the rest depends on the type.
type head struct {
	Type         string `json:"t"`
	Conversation string `json:"conversation"`
	ClientID     string `json:"client_id"`
	Seq          int64  `json:"seq"`
	LastSeq      int64  `json:"last_seq"`
	State        string `json:"state"`
	Agent        *struct {
		Name string `json:"name"`
	} `json:"agent"`
}

func (h head) state(conversation string) State {
	s := State{Conversation: conversation, State: h.State}
	if h.Agent != nil {
		s.Agent = h.Agent.Name
	}
	return s
}
