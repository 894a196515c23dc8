// Package routing decides where a handed-off conversation goes: which group of agents, how urgently, and which of the
// agents who are free. It is pure: it reads no database and no clock, so that the desk, the trial of new rules on past
// conversations and the simulation run the very same code.
//
// There are no tables.
package routing

import "time"

// Facts are what rules may ask about. Fields that are not known are zero.
type Facts struct {
	Attributes map[string]any // of the contact, as the verified identity or the desk set them, such as user_level
	Verified   bool           // the contact's identity was signed by the workspace
	Channel    string
	Page       string // URL of the page on which the visitor chats
	Language   string // BCP 47
	Intent     string
	Entities   []Entity
	Sentiment  string  // "angry", "dissatisfied" or "neutral"
	Reason     string  // of the handoff, as in chat.Handoff
	Confidence float64 // of the answer that was not given, in [0, 1]
	Text       string  // the visitor's words that led to the handoff
	Messages   int     // entries in the conversation so far
	Time       time.Time
}

// Entity is something that the visitor named.
type Entity struct{ Kind, Value string }

// Policy says which of the free agents of a group gets a conversation.
type Policy string

// The policies.
const (
	LeastLoaded Policy = "least_loaded" // smallest share of capacity in use, then longest idle
	LongestIdle Policy = "longest_idle"
	RoundRobin  Policy = "round_robin" // the one whose last assignment is longest ago
	BySkill     Policy = "skills"      // best sum of skill levels asked for, then least loaded
)

// Route is where the rules send a conversation. The zero value means any agent, by the workspace's default policy.
type Route struct {
	Group    string         // "" = any group
	Policy   Policy         // "" = least loaded
	Priority int            // added to the priority that the handoff brings
	Skills   map[string]int // skill -> least level, 1 to 5; an agent who lacks one is not a candidate
	Language string         // BCP 47, that the agent must speak; "" = any
	Agent    int64          // asked for by name; 0 = nobody in particular
	Email    string         // of the agent asked for; the desk finds out who that is and sets Agent
	Rule     int            // number of the rule that matched, from 1; 0 = none did
}

// Candidate is an agent who is online with room for one more, as the assigner sees them under the lock of their row.
type Candidate struct {
	Agent      int64
	Load       int // open assignments
	Capacity   int
	IdleSince  time.Time // when the load last changed
	AssignedAt time.Time // latest assignment; zero = never
	Skills     map[string]int
	Languages  []string // BCP 47; empty = any
	Knows      bool     // was the last to speak with this contact
}

// Need is what one waiting conversation asks of an agent.
type Need struct {
	Policy   Policy
	Skills   map[string]int
	Language string
	Agent    int64
}
