// Package routing decides where a handed-off conversation goes: which group of agents, how urgently, and which of the
// agents who are free. It is pure: it reads no database and no clock, so that the desk, the trial of new rules on past
// conversations and the simulation run the very same code.
//
// There are no tables.
//
//	text --Parse--> Rules --Route(Facts)--> Route --Need--> Need
//	                                                         |
//	              agents who are free, as Candidates --------+--Choose--> one of them
//
// Rules are asked in order and the first that matches decides. A condition is an expression in CEL over the variables of
// [Facts]; every name that is none of them is an attribute of the contact. The package guarantees:
//
//   - What is wrong with rules is said when they are read: syntax, types, unknown functions, groups and agents, rules
//     that can never match, and conditions that could take too long.
//   - Routing ends: a condition's cost is bounded when it is read, or counted while it runs. Patterns are RE2.
//   - An attribute that the contact lacks makes a comparison false. It is no failure.
//   - A rule that fails is passed over; the next ones are asked.
//   - No agent is chosen beyond their capacity, or without a skill or language that is asked for.
//
// Files: rule.go reads rules, condition.go and variables.go compile what they ask, action.go what they do, rules.go asks
// them, and choose.go picks the agent.
package routing

import (
	"maps"
	"time"
)

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
	Policy   Policy         // "" = that of the group, or least loaded
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
	Policy   Policy         // "" = least loaded
	Skills   map[string]int // as in Route
	Language string         // that the agent must speak; "" = any
	Agent    int64          // goes before all others if they are among the candidates; 0 = nobody in particular
}

// Same reports whether two routes lead to the same, whichever rule of whichever version they come from.
func (r Route) Same(other Route) bool {
	return r.Group == other.Group && r.Policy == other.Policy && r.Priority == other.Priority &&
		r.Language == other.Language && r.Agent == other.Agent && r.Email == other.Email && maps.Equal(r.Skills, other.Skills)
}

// Need is what the route asks of an agent. The policy is the route's own, or else that of the group.
func (r Route) Need(group Policy) Need {
	policy := r.Policy
	if policy == "" {
		policy = group
	}
	return Need{Policy: policy, Skills: r.Skills, Language: r.Language, Agent: r.Agent}
}
