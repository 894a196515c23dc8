// Package chat keeps conversations and their messages; it is their only writer.
//
// Tables: contacts, contact_tokens, contact_identities, conversations, messages, edits, attachments, blobs, read_marks,
// due_turns, search_chunks.
//
// A conversation is a sequence of entries numbered 1, 2, 3, ... in commit order. Everything durable is an entry:
// visitors' texts, the bot's answers, assignments, ratings. The package guarantees:
//
//   - An entry that was acknowledged is committed.
//   - Sending again with the same client id stores nothing new and returns the stored entry.
//   - The numbers of a conversation have no gap, whatever number of nodes write to it. A reader that has shown n shows
//     n+1 next and nothing else, so that resuming anywhere is a matter of one number.
//   - Whoever speaks for a conversation, the bot or an agent, holds its epoch. Every change of the speaker raises it,
//     and an entry sent under an older epoch is refused.
//   - A visitor's text that awaits the bot marks a turn due in the same transaction. The turn is worked on under a
//     lease, by any node, and is finished once: the answer and the end of the mark are one transaction.
//   - Hints on the bus follow the commit. Losing one costs time only.
//   - What people say, who they are and which page they were on is stored under the contact's own key (package seal),
//     bound to conversation and number. Erasing a contact destroys the key.
//
// The states of a conversation; [StateBot] is the first:
//
//	      handoff          assigned          ended by the agent
//	bot ----------> queued ----------> human ------------------> closed
//	 ^                |  ^               |  |                       |
//	 |                |  +---------------+  |                       |
//	 |                |   the agent is gone |                       |
//	 +----------------+---------------------+                       |
//	 |         given back to the bot                                |
//	 +--------------------------------------------------------------+
//	                    the visitor writes again
//
// An agent may also end a conversation that is with the bot or in the queue.
package chat

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// MaxBody is the longest body of an entry, in characters (Unicode code points).
const MaxBody = 8000

// SenderKind says what sort of author an entry has.
type SenderKind string

// The authors of entries.
const (
	Visitor SenderKind = "visitor"
	Bot     SenderKind = "bot"
	Agent   SenderKind = "agent"
	System  SenderKind = "system"
)

// Sender is the author of an entry. ID is the contact's id for visitors and the user's number for agents.
type Sender struct {
	Kind SenderKind
	ID   string
	Name string // shown to the other side; may be ""
}

// Kind says what an entry is. Clients render all but [KindText] and [KindNote] in the reader's language, from Data.
type Kind string

// The kinds of entries, with their Data.
const (
	KindText        Kind = "text"
	KindNote        Kind = "note"         // between agents, never sent to the visitor
	KindHandoff     Kind = "handoff"      // {reason}: queued for a person
	KindAssigned    Kind = "assigned"     // {agent_id, name}
	KindReturned    Kind = "returned"     // the agent gave it back to the bot
	KindClosed      Kind = "closed"       //
	KindCSATRequest Kind = "csat_request" // asks the visitor for a rating
	KindCSAT        Kind = "csat"         // {score, comment}
	KindErased      Kind = "erased"       // what an entry reads as once the visitor's data was erased
	KindFile        Kind = "file"         // {attachment, name, media_type, size, width, height}; the body is the caption
	KindEdit        Kind = "edit"         // {seq, removed}: the body is the new text of entry seq
)

// Message is a stored entry.
type Message struct {
	Conversation uuid.UUID
	Seq          int64 // from 1, gap free within the conversation
	ClientID     uuid.UUID
	Sender       Sender
	Kind         Kind
	Body         string
	Data         json.RawMessage // nil when there is none
	Epoch        int             // of the conversation when it was stored
	At           time.Time       // on the database's clock, not decreasing within the conversation

	sealed  []byte    // name, body and data as stored; nil once opened
	contact uuid.UUID // whose key opens it
	erased  bool
}

// Entry is a message to be stored.
type Entry struct {
	ClientID uuid.UUID // chosen by the sender and kept over retries
	Sender   Sender
	Kind     Kind   // "" means text
	Body     string // valid UTF-8 without NUL, at most MaxBody characters
	Data     json.RawMessage

	// Epoch is the epoch under which the sender speaks: the entry is refused once the conversation has moved on. -1
	// means that it does not matter, as for visitors. [Log.Decide] ignores it, having locked the conversation.
	Epoch int
}

// Contact is a person on the visitors' side.
type Contact struct {
	ID    uuid.UUID // [Log.CreateContact] chooses one for the zero value
	Name  string
	Email string
	Lang  string // BCP 47, for example "en" or "zh"

	Phone      string
	Timezone   string          // IANA name, as the browser gives it; "" = unknown
	Attributes json.RawMessage // what the site says about them: an object of texts, numbers and booleans; nil = nothing
	Verified   bool            // the site has signed name, e-mail and attributes; without it they are claims
	Erased     bool            // their data was erased: nothing but ID, language and time zone is left
}

// Conversation is the current state of a conversation.
type Conversation struct {
	Workspace, ID, Contact uuid.UUID
	State                  State
	Lang, Channel, PageURL string
	LastSeq                int64 // 0 = empty
	Epoch                  int
	AgentID                int64 // the person in charge, 0 = none; not 0 exactly in StateHuman
	TurnDue                int64 // seq of the visitor's message that awaits the bot, 0 = none
	Priority               int   // higher is served first
	CSAT                   int   // 1..5 for the latest close, 0 = not rated
	CreatedAt, UpdatedAt   time.Time
	ClosedAt               *time.Time
	Erased                 bool // the contact's data was erased: it stays closed, and nothing can be added

	ContactName string // the contact's name
	Preview     string // start of the latest visitor's text; filled by [Log.Conversations] only
}

// NewConversation is what [Log.StartConversation] needs to know.
type NewConversation struct {
	Contact uuid.UUID
	Channel string // "" means "web"
	Lang    string
	PageURL string
}

// Filter selects conversations. Zero fields do not restrict.
type Filter struct {
	States  []State
	AgentID int64
	Limit   int    // 0 means 50, at most 500
	Words   string // all of which stand in one message; the index follows the log within seconds
}

// Turn is a claim on a visitor's message that awaits the bot.
type Turn struct {
	Workspace, Conversation uuid.UUID
	Seq                     int64 // of the visitor's latest message
	Epoch                   int
	Attempt                 int // 1 for the first claim; higher means that an earlier worker gave up or died
}

// Handoff is why and with what evidence a conversation goes to people.
type Handoff struct {
	// Reason is one of low_confidence, asked_for_person, anger, frustrated, repeated, sensitive_intent, model_failure,
	// out_of_scope, no_answer.
	Reason     string
	Summary    string
	Group      string // team it is meant for, "" = any
	Intent     string
	Lang       string
	Confidence float64 // of the answer that was not given, in [0, 1]
	Priority   int     // higher is served first
	Entities   json.RawMessage
	Passages   json.RawMessage
	TurnSeq    int64 // the visitor's message that led to it
}

// Hint is what travels on conv.<uuid>.hint.
type Hint struct {
	Conversation uuid.UUID `json:"conversation"`
	LastSeq      int64     `json:"last_seq"`
}

// A Decision looks at the locked conversation, may change its State, AgentID, Priority, Lang, TurnDue, CSAT and Epoch,
// may run queries of its own in tx, and returns the entries to append. An error undoes everything.
type Decision = func(tx pgx.Tx, c *Conversation) ([]Entry, error)

// HintSubject is the subject of the hints of one conversation.
func HintSubject(conversation uuid.UUID) string { return "conv." + conversation.String() + ".hint" }

// HandoffEntry is the system entry that tells the visitor about a handoff. Whoever calls handoff.Desk.Enqueue appends
// it, after the bot's last words.
func HandoffEntry(reason string) Entry {
	data, _ := json.Marshal(map[string]string{"reason": reason}) // a map of strings always encodes
	return SystemEntry(KindHandoff, uuid.New(), data)
}

// SystemEntry is an entry without a body; clients render its text from data, which may be nil.
func SystemEntry(kind Kind, clientID uuid.UUID, data json.RawMessage) Entry {
	return Entry{ClientID: clientID, Sender: Sender{Kind: System}, Kind: kind, Data: data, Epoch: -1}
}
