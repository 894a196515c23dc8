// Package handoff brings conversations to people: it queues them, assigns them to agents, and takes them back.
package handoff

import (
	"time"

	"github.com/google/uuid"

	"handrail/internal/chat"
)

// The values of an agent's status.
const (
	Online  = "online"  // takes conversations
	Away    = "away"    // keeps those it has
	Offline = "offline" // gives them back once its lease ends
)

// Waiting is a conversation in the queue.
type Waiting struct {
	Conversation uuid.UUID
	Since        time.Time // start of the current wait
	Reason       string
	Summary      string
	Group        string
	Lang         string
	Priority     int
	Name         string // of the contact
	Preview      string // start of the latest visitor's text
}

// Place is where a conversation stands in the queue.
type Place struct {
	Position int           // 1 = next; 0 = not in the queue
	Wait     time.Duration // expected from recent waits; 0 = unknown
}

// Presence is an agent's availability.
type Presence struct {
	AgentID  int64
	Name     string
	Role     string
	Status   string // online, away or offline; offline when the lease has ended
	Load     int    // open assignments
	Capacity int
}

// Record is one handoff of a conversation, with what became of it.
type Record struct {
	chat.Handoff
	ID         int64
	QueuedAt   time.Time
	AssignedAt *time.Time // to the latest agent; nil = nobody yet
	EndedAt    *time.Time // nil = still open
	AgentID    int64      // the latest agent, 0 = nobody yet
	AgentName  string
}
