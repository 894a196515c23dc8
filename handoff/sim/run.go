package sim

import (
	"cmp"
	"math"
	"slices"
	"time"

	"handrail/handoff/routing"
)

// perPriority is how many seconds of waiting count as much as one point of priority, as at the desk: so nobody is
// overtaken for ever.
const perPriority = 300

// run is a day in progress.
type run struct {
	s        *Scenario
	policy   routing.Policy // instead of those of rules and groups; "" = theirs
	now      float64
	events   events
	agents   []agent
	queues   []*queue // by group; the first is of those who may go to anybody
	visitors []talk
	pace     pace
	result   measure

	candidates []routing.Candidate // memory that is used again
}

// agent is one person at the desk.
type agent struct {
	team       *Team
	member     []bool // of the group of each queue
	candidate  routing.Candidate
	here       bool
	since      float64 // when the load or the presence last changed
	busy, slot float64 // seconds of conversations, and of room for them, during shifts
	taken      int
}

// talk is a visitor on their way.
type talk struct {
	visitor
	group   int // place of the queue
	need    routing.Need
	rank    float64 // order of service, lower first
	waiting bool
	agent   int
	begun   float64
	told    routing.Estimate
}

// queue is where the visitors of a group wait, in the order of service.
type queue struct {
	group   Group
	waiting []int
}

// Run plays the day. A policy other than "" takes the place of all that rules and groups name.
func (s *Scenario) Run(d Day, policy routing.Policy) Result {
	r := s.begin(d, policy)
	for r.events.Len() > 0 {
		e := r.events.next()
		r.now = e.at
		switch e.kind {
		case arrives:
			r.arrive(e.n)
		case talkEnds:
			r.end(e.n)
		case givesUp:
			r.giveUp(e.n)
		case shiftEnds:
			r.present(e.n, false)
		case shiftBegins:
			r.shift(e.n)
		}
	}
	return r.finish()
}

// begin plans what is known before the day.
func (s *Scenario) begin(d Day, policy routing.Policy) *run {
	r := &run{s: s, policy: policy, visitors: make([]talk, len(d.visitors))}
	for _, g := range append([]Group{{}}, s.Groups...) {
		r.queues = append(r.queues, &queue{group: g})
	}
	for i := range s.Teams {
		for range s.Teams[i].Count {
			r.hire(&s.Teams[i])
		}
	}
	for i, v := range d.visitors {
		t := &r.visitors[i]
		t.visitor, t.group = v, r.queueOf(v.route.Group)
		t.need = v.route.Need(r.queues[t.group].group.Policy)
		if policy != "" {
			t.need.Policy = policy
		}
		t.rank = v.arrival - perPriority*float64(v.route.Priority)
		r.events.plan(v.arrival, arrives, i)
	}
	return r
}

// hire adds an agent and plans their shifts.
func (r *run) hire(team *Team) {
	n := len(r.agents)
	a := agent{team: team, candidate: routing.Candidate{Agent: int64(n + 1), Capacity: team.Capacity, IdleSince: r.s.Start,
		Skills: team.Skills, Languages: team.Languages}}
	for _, q := range r.queues {
		a.member = append(a.member, team.hasGroup(q.group.Name))
	}
	r.agents = append(r.agents, a)
	for _, shift := range team.Shifts {
		r.events.plan(shift.From.Seconds(), shiftBegins, n)
		r.events.plan(shift.To.Seconds(), shiftEnds, n)
	}
	if len(team.Shifts) == 0 {
		r.events.plan(0, shiftBegins, n)
	}
}

// queueOf finds a group. One that nobody is in is like none, as at the desk: no visitor waits for nobody.
func (r *run) queueOf(name string) int {
	return max(0, slices.IndexFunc(r.queues, func(q *queue) bool { return q.group.Name == name }))
}

func (r *run) clock() time.Time { return r.s.Start.Add(time.Duration(r.now * float64(time.Second))) }

// arrive gives the visitor to somebody who is free, or a place in the queue.
func (r *run) arrive(n int) {
	t := &r.visitors[n]
	if r.assign(n, r.free(t.group, nil)) {
		return
	}
	q := r.queues[t.group]
	at := q.place(r, n)
	slots, busy := r.slots(t.group)
	t.told = routing.Wait(r.pace.outlook(at, slots, busy))
	q.waiting = slices.Insert(q.waiting, at, n)
	t.waiting = true
	if !math.IsInf(t.patience, 1) {
		r.events.plan(r.now+t.patience, givesUp, n)
	}
}

// place finds where a visitor stands.
func (q *queue) place(r *run, n int) int {
	at, _ := slices.BinarySearchFunc(q.waiting, n, func(other, n int) int {
		return cmp.Or(cmp.Compare(r.visitors[other].rank, r.visitors[n].rank), cmp.Compare(other, n))
	})
	return at
}

// free returns the candidates of a group among some agents, or among all for nil. They are valid until the next call.
func (r *run) free(group int, among []int) []routing.Candidate {
	list := r.candidates[:0]
	add := func(a *agent) {
		if a.here && a.member[group] && a.candidate.Load < a.candidate.Capacity {
			list = append(list, a.candidate)
		}
	}
	for _, n := range among {
		add(&r.agents[n])
	}
	for i := range r.agents {
		if among == nil {
			add(&r.agents[i])
		}
	}
	r.candidates = list
	return list
}

// slots is the room of the agents of a group who are there, and how much of it is in use.
func (r *run) slots(group int) (n, busy int) {
	for i := range r.agents {
		if a := &r.agents[i]; a.here && a.member[group] {
			n, busy = n+a.candidate.Capacity, busy+a.candidate.Load
		}
	}
	return n, busy
}

// assign lets package routing choose, and begins the conversation.
func (r *run) assign(n int, candidates []routing.Candidate) bool {
	t := &r.visitors[n]
	chosen, ok := routing.Choose(t.need, candidates)
	if !ok {
		return false
	}
	a := &r.agents[chosen-1]
	t.waiting, t.agent, t.begun = false, int(chosen-1), r.now
	t.handling *= 1 + r.s.Slowdown*float64(a.candidate.Load)
	r.load(a, +1)
	a.taken++
	a.candidate.AssignedAt = r.clock()
	r.events.plan(r.now+t.handling, talkEnds, n)
	r.result.served(r, t)
	return true
}

// load changes how many conversations an agent has.
func (r *run) load(a *agent, by int) {
	r.account(a)
	a.candidate.Load += by
	a.candidate.IdleSince = r.clock()
}

// account adds the time since the last change. What is left over when no more visitors come would make agents look idle.
func (r *run) account(a *agent) {
	if d := min(r.now, r.s.Length.Seconds()) - a.since; a.here && d > 0 {
		a.busy += d * float64(a.candidate.Load)
		a.slot += d * float64(a.candidate.Capacity)
	}
	a.since = r.now
}

func (r *run) end(n int) {
	t := &r.visitors[n]
	r.load(&r.agents[t.agent], -1)
	r.pace.saw(t.handling)
	r.serve([]int{t.agent})
}

func (r *run) giveUp(n int) {
	t := &r.visitors[n]
	if !t.waiting {
		return
	}
	q := r.queues[t.group]
	at := q.place(r, n)
	q.waiting = slices.Delete(q.waiting, at, at+1)
	t.waiting = false
	r.result.gaveUp(r, t)
}

func (r *run) present(n int, here bool) {
	a := &r.agents[n]
	r.account(a)
	a.here = here
}

// shift begins the shift of an agent and of all whose begins at the same moment, so that they share the queue.
func (r *run) shift(n int) {
	all := []int{n}
	for r.events.Len() > 0 && r.events.list[0].at == r.now && r.events.list[0].kind == shiftBegins {
		all = append(all, r.events.next().n)
	}
	for _, n := range all {
		r.present(n, true)
		r.agents[n].candidate.IdleSince = r.clock()
	}
	r.serve(all)
}

// serve gives waiting visitors to agents who have become free, in the order of service, until there is no room left. A
// visitor for whom none of them is right keeps their place.
func (r *run) serve(agents []int) {
	passed := make([]int, len(r.queues)) // by queue: visitors at its head for whom nobody was right
	for {
		agents = slices.DeleteFunc(agents, func(n int) bool {
			a := &r.agents[n]
			return !a.here || a.candidate.Load >= a.candidate.Capacity
		})
		if len(agents) == 0 {
			return
		}
		g := r.head(passed, agents)
		if g < 0 {
			return
		}
		q := r.queues[g]
		if !r.assign(q.waiting[passed[g]], r.free(g, agents)) {
			passed[g]++
			continue
		}
		q.waiting = slices.Delete(q.waiting, passed[g], passed[g]+1)
	}
}

// head finds the queue whose next visitor comes first, among the queues that the agents serve; -1 = nobody waits.
func (r *run) head(passed, agents []int) int {
	best, rank := -1, 0.0
	for g, q := range r.queues {
		if passed[g] >= len(q.waiting) {
			continue
		}
		next := r.visitors[q.waiting[passed[g]]].rank
		if best >= 0 && next >= rank {
			continue
		}
		if slices.ContainsFunc(agents, func(n int) bool { return r.agents[n].member[g] }) {
			best, rank = g, next
		}
	}
	return best
}
