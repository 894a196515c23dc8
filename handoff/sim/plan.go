package sim

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"handrail/internal/errs"
)

// Goal is how long visitors may wait: a share of them, at most a time.
type Goal struct {
	Share float64 // 0.9 for p90
	Wait  time.Duration
}

// ParseGoal reads goals such as "p90<=30s".
func ParseGoal(text string) (Goal, error) {
	m := regexp.MustCompile(`^\s*p(\d{1,2})\s*<=?\s*(\S+)\s*$`).FindStringSubmatch(text)
	if m == nil {
		return Goal{}, errs.New(errs.Invalid, "%q is no goal: write one such as p90<=30s", text)
	}
	percent, _ := strconv.Atoi(m[1]) // two digits are a number
	wait, err := time.ParseDuration(m[2])
	if err != nil || wait < 0 || percent == 0 {
		return Goal{}, errs.New(errs.Invalid, "%q is no goal: write a share from p1 to p99 and a time, such as p90<=30s", text)
	}
	return Goal{float64(percent) / 100, wait}, nil
}

// met reports whether waits, in seconds, reach the goal.
func (g Goal) met(waits []float64) bool {
	return quantile(waits, g.Share) <= g.Wait.Seconds()
}

// Staffing is the least number of agents for each hour that reaches a goal.
type Staffing struct {
	Agents     []int     `json:"agents"`      // on duty, by hour
	Wait       []float64 `json:"wait"`        // seconds that the goal's share stays below, by hour
	Offered    []int     `json:"offered"`     // visitors by hour, mean of the days
	AgentHours int       `json:"agent_hours"` // of one day
	Peak       int       `json:"peak"`
	Result     Result    `json:"result"` // of the first day
	Rounds     int       `json:"rounds"` // days played to find it
}

// planner looks for the least staff.
type planner struct {
	s      *Scenario
	goal   Goal
	days   []Day
	agents []int
	rounds int
}

// Plan finds the fewest agents for each hour so that the visitors of every hour reach the goal, all days of it taken
// together. An agent of the plan can do what any of the scenario's can, in every language, has the capacity of its first
// team, and comes and goes at full hours. The search starts from Erlang's formula, adds agents where the goal is missed
// and takes away those without whom it is still reached.
func (s *Scenario) Plan(ctx context.Context, goal Goal, from uint64, days int) (Staffing, error) {
	if len(s.Teams) == 0 || days < 1 || days > maxDays {
		return Staffing{}, errs.New(errs.Invalid, "a plan needs a team whose agents are counted, and from 1 to %d days", maxDays)
	}
	p := &planner{s: s, goal: goal}
	for n := range uint64(days) {
		day, err := s.Draw(ctx, from+n)
		if err != nil {
			return Staffing{}, err
		}
		p.days = append(p.days, day)
	}
	p.start()
	if err := p.grow(ctx); err != nil {
		return Staffing{}, err
	}
	if err := p.shrink(ctx); err != nil {
		return Staffing{}, err
	}
	return p.result(), nil
}

// start takes the numbers of Erlang's formula for the mean arrivals of each hour.
func (p *planner) start() {
	hours := int(math.Ceil(p.s.Length.Hours()))
	capacity := p.s.Teams[0].Capacity
	// In a busy hour an agent has all but one of their places taken when another conversation begins, or nearly so.
	mean := p.s.meanHandling() * (1 + p.s.Slowdown*float64(capacity-1)*0.8)
	for h := range hours {
		var offered float64
		for minute := range 60 {
			offered += p.s.rate(time.Duration(h)*time.Hour+time.Duration(minute)*time.Minute) * 60
		}
		load := offered * mean / time.Hour.Seconds()
		agents := int(math.Ceil(load / float64(capacity)))
		for erlangWait(agents*capacity, load, mean, p.goal.Share) > p.goal.Wait.Seconds() {
			agents++
		}
		p.agents = append(p.agents, agents)
	}
}

// meanHandling is the mean over the kinds, in seconds.
func (s *Scenario) meanHandling() float64 {
	var sum, shares float64
	for _, k := range s.Kinds {
		d := s.Handling
		if k.Handling != nil {
			d = *k.Handling
		}
		sum, shares = sum+k.Share*d.Mean.Seconds(), shares+k.Share
	}
	return sum / shares
}

// maxRounds ends a search that gets nowhere.
const maxRounds = 50

// grow adds agents to every hour that misses the goal, until none does.
func (p *planner) grow(ctx context.Context) error {
	for range maxRounds {
		waits, _ := p.play(p.agents)
		met := true
		for h, w := range waits {
			if !p.goal.met(w) {
				met = false
				p.agents[h] += 1 + p.agents[h]/50
			}
		}
		if met || ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errs.New(errs.Invalid, "no number of agents was found that reaches the goal: is the handling time longer than the hour?")
}

// shrink takes agents away from all hours at once, as long as each reaches the goal. An hour that misses it gets them
// back and tries fewer; so does the hour before, which may have left it work to do.
func (p *planner) shrink(ctx context.Context) error {
	steps := make([]int, len(p.agents))
	for h, n := range p.agents {
		steps[h] = max(1, n/25)
	}
	for range maxRounds {
		tried := slices.Clone(p.agents)
		for h := range tried {
			tried[h] -= min(steps[h], tried[h])
		}
		if slices.Equal(tried, p.agents) {
			break
		}
		waits, _ := p.play(tried)
		for h, w := range waits {
			if !p.goal.met(w) {
				steps[h] /= 2
				tried[h] = p.agents[h]
				if h > 0 {
					steps[h-1] /= 2
					tried[h-1] = p.agents[h-1]
				}
			}
		}
		p.agents = tried
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return p.grow(ctx)
}

// play returns the waits of each hour, sorted, over all days.
func (p *planner) play(agents []int) (waits [][]float64, first Result) {
	p.rounds++
	s := *p.s
	s.Teams = teamsFor(agents, p.s)
	waits = make([][]float64, len(agents))
	for i, day := range p.days {
		r := s.Run(day, "")
		if i == 0 {
			first = r
		}
		for h := range min(len(r.Hours), len(waits)) {
			waits[h] = append(waits[h], r.Hours[h].waits...)
		}
	}
	for _, w := range waits {
		slices.Sort(w)
	}
	return waits, first
}

// teamsFor makes agents of numbers by hour: the n-th is there in every hour that needs at least n.
func teamsFor(agents []int, s *Scenario) (teams []Team) {
	capacity, skills := s.Teams[0].Capacity, map[string]int{}
	for _, t := range s.Teams {
		for name, level := range t.Skills {
			skills[name] = max(skills[name], level)
		}
	}
	var groups []string
	for _, g := range s.Groups {
		groups = append(groups, g.Name)
	}
	for n := range slices.Max(agents) {
		team := Team{Count: 1, Groups: groups, Capacity: capacity, Skills: skills}
		for h, need := range agents {
			if need <= n {
				continue
			}
			from, to := time.Duration(h)*time.Hour, time.Duration(h+1)*time.Hour
			if last := len(team.Shifts) - 1; last >= 0 && team.Shifts[last].To == from {
				team.Shifts[last].To = to
			} else {
				team.Shifts = append(team.Shifts, Shift{from, to})
			}
		}
		teams = append(teams, team)
	}
	return teams
}

func (p *planner) result() Staffing {
	waits, first := p.play(p.agents)
	st := Staffing{Agents: p.agents, Result: first, Rounds: p.rounds, Peak: slices.Max(p.agents)}
	for h, w := range waits {
		st.AgentHours += p.agents[h]
		st.Wait = append(st.Wait, quantile(w, p.goal.Share))
		st.Offered = append(st.Offered, len(w)/len(p.days))
	}
	return st
}
