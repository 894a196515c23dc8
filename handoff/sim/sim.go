// Package sim plays a day at the desk with a virtual clock: visitors who arrive, wait and give up, agents with shifts,
// skills and room for several conversations. Where conversations go and who gets them is decided by package routing, the
// code of the real desk. It reads no clock and no database, and the same scenario with the same seed gives the same day.
//
// There are no tables.
//
//	Scenario --Draw(seed)--> Day: who comes when, with what, for how long
//	                          |
//	        Run(Day, policy) -+-> Result: waits, who gave up, how busy and how evenly loaded agents were
//	                          |
//	Compare: all policies on the same days, with confidence limits      Plan: the fewest agents by hour for a target
//
// What is random about visitors is drawn before the day begins, hence all policies meet the same visitors, and the
// difference between two policies is not blurred by luck.
//
// A visitor:
//
//	arrives --> routed --> waits --> talks --> done
//	                         |
//	                         +--> gives up, when patience ends
//
// Simplifications: an agent answers at once; a conversation takes the time drawn for it, longer by the slowdown for each
// conversation that the agent has already; at the end of a shift agents finish what they have and take nothing new.
package sim

import (
	"time"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

// Scenario is a kind of day.
type Scenario struct {
	Name     string
	Start    time.Time     // of the clock
	Length   time.Duration // for which visitors arrive; those who wait then are served all the same
	Warmup   time.Duration // visitors who arrive before its end are not counted
	Target   time.Duration // a wait up to which counts for the service level
	Arrivals Arrivals
	Kinds    []Kind
	Handling Distribution // of kinds that have none of their own
	Patience Distribution
	Slowdown float64 // share by which each conversation that an agent already has makes another one longer
	Rules    *routing.Rules
	Groups   []Group
	Teams    []Team
}

// Arrivals say when visitors come.
type Arrivals struct {
	PerHour []float64 `yaml:"per_hour"` // expected in each hour from the start, repeated if the day is longer
	Bursts  []Burst   `yaml:"bursts"`
	Replay  []Visit   `yaml:"-"` // past visits; nothing else counts then
}

// Burst is a number of visitors who come on top of the others, such as after a mailing.
type Burst struct {
	At    time.Duration `yaml:"at"` // after the start
	For   time.Duration `yaml:"for"`
	Extra float64       `yaml:"extra"` // expected number
}

// Visit is a visitor of the past.
type Visit struct {
	At       time.Duration  // after the start
	Handling time.Duration  // 0 = drawn
	Kind     int            // place in Scenario.Kinds
	Facts    *routing.Facts // instead of the kind's; nil = those of the kind
}

// Kind is a sort of visitor.
type Kind struct {
	Name     string
	Share    float64 // among all kinds, in any unit
	Facts    routing.Facts
	Handling *Distribution // nil = the scenario's
}

// Group is a group of agents.
type Group struct {
	Name   string         `yaml:"name"`
	Policy routing.Policy `yaml:"policy"`
}

// Team is a number of agents who are alike.
type Team struct {
	Count     int
	Groups    []string
	Shifts    []Shift // none = always there
	Capacity  int
	Skills    map[string]int
	Languages []string
}

// Shift is a time for which agents take conversations, after the start.
type Shift struct{ From, To time.Duration }

// hasGroup reports whether the team belongs to a group; "" is any.
func (t *Team) hasGroup(name string) bool {
	if name == "" {
		return true
	}
	for _, g := range t.Groups {
		if g == name {
			return true
		}
	}
	return false
}

// ReplayOf makes the scenario's visitors those of the past. The hour of the first is its start, and it ends after the
// hour of the last.
func (s *Scenario) ReplayOf(first time.Time, visits []Visit) error {
	s.Start = first.Truncate(time.Hour)
	offset := first.Sub(s.Start)
	for i := range visits {
		visits[i].At += offset
		s.Length = max(s.Length, visits[i].At.Truncate(time.Hour)+time.Hour)
	}
	if s.Length > maxLength {
		return errs.New(errs.Invalid, "the visits lie %v apart, and may %v: take fewer", s.Length, maxLength)
	}
	s.Arrivals.Replay = visits
	return nil
}

// Scale makes the arrivals of each day of 24 hours add up to a number, in the proportions that they have.
func (s *Scenario) Scale(perDay float64) error {
	var sum float64
	for h := range 24 {
		if n := len(s.Arrivals.PerHour); n > 0 {
			sum += s.Arrivals.PerHour[h%n]
		}
	}
	if !(sum > 0) || !(perDay > 0) || perDay > maxPeople {
		return errs.New(errs.Invalid, "the visitors of a day must be from 1 to %d, and the scenario must say how they spread over "+
			"its hours in arrivals: per_hour", maxPeople)
	}
	day := make([]float64, 24)
	for h := range day {
		day[h] = s.Arrivals.PerHour[h%len(s.Arrivals.PerHour)] * perDay / sum
	}
	s.Arrivals = Arrivals{PerHour: day}
	s.Length = 24 * time.Hour
	return nil
}
