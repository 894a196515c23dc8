package routing

import (
	"cmp"
	"strings"
)

// Choose picks the agent who gets a conversation, or says that none of the candidates can. Only those with room, with
// every skill at the level asked for, and with the language take part. The agent asked for by name goes first. Among
// candidates who are equal by the policy's own measure, the one who knows the contact wins; what is equal even then is
// decided by the load, the longer idle time and the lower number, so that the same input always gives the same agent.
func Choose(need Need, candidates []Candidate) (agent int64, ok bool) {
	before := order(need)
	var best *Candidate
	for i := range candidates {
		c := &candidates[i]
		if !c.can(need) {
			continue
		}
		if c.Agent == need.Agent {
			return c.Agent, true
		}
		if best == nil || before(c, best) < 0 {
			best = c
		}
	}
	if best == nil {
		return 0, false
	}
	return best.Agent, true
}

// can reports whether the candidate may have the conversation at all.
func (c *Candidate) can(need Need) bool {
	if c.Load >= c.Capacity {
		return false
	}
	for skill, least := range need.Skills {
		// A level of 0 is no skill, whatever is asked for.
		if level := c.Skills[skill]; level < max(least, 1) {
			return false
		}
	}
	return need.Language == "" || len(c.Languages) == 0 || c.speaks(need.Language)
}

// speaks compares primary languages: who speaks zh may be given zh-TW.
func (c *Candidate) speaks(language string) bool {
	for _, own := range c.Languages {
		if strings.EqualFold(primary(own), primary(language)) {
			return true
		}
	}
	return false
}

// primary is the part of a BCP 47 tag that names the language.
func primary(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		return tag[:i]
	}
	return tag
}

// order returns the comparison of a policy: negative if a goes before b.
func order(need Need) func(a, b *Candidate) int {
	switch need.Policy {
	case LongestIdle:
		return func(a, b *Candidate) int {
			return cmp.Or(a.IdleSince.Compare(b.IdleSince), byKnows(a, b), byLoad(a, b), byNumber(a, b))
		}
	case RoundRobin:
		return func(a, b *Candidate) int {
			return cmp.Or(a.AssignedAt.Compare(b.AssignedAt), byKnows(a, b), byNumber(a, b))
		}
	case BySkill:
		return func(a, b *Candidate) int {
			return cmp.Or(cmp.Compare(b.score(need), a.score(need)), byKnows(a, b), byLoad(a, b),
				a.IdleSince.Compare(b.IdleSince), byNumber(a, b))
		}
	}
	return func(a, b *Candidate) int {
		return cmp.Or(byLoad(a, b), byKnows(a, b), a.IdleSince.Compare(b.IdleSince), byNumber(a, b))
	}
}

// score is the sum of the candidate's levels in the skills that are asked for.
func (c *Candidate) score(need Need) (sum int) {
	for skill := range need.Skills {
		sum += c.Skills[skill]
	}
	return sum
}

// byLoad compares the shares of capacity in use, as fractions without rounding. Capacities are above zero here.
func byLoad(a, b *Candidate) int { return cmp.Compare(a.Load*b.Capacity, b.Load*a.Capacity) }

func byKnows(a, b *Candidate) int {
	switch {
	case a.Knows && !b.Knows:
		return -1
	case b.Knows && !a.Knows:
		return 1
	}
	return 0
}

func byNumber(a, b *Candidate) int { return cmp.Compare(a.Agent, b.Agent) }
