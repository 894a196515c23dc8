package sim

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"handrail/handoff/routing"
)

// Day is what visitors do, the same for every policy.
type Day struct {
	visitors []visitor
}

// visitor is one who comes. Times are seconds after the start.
type visitor struct {
	arrival  float64
	handling float64
	patience float64
	route    routing.Route
}

// Draw makes a day. The route of each visitor is that of the scenario's rules at the moment of their arrival.
func (s *Scenario) Draw(ctx context.Context, seed uint64) (Day, error) {
	r := rand.New(rand.NewPCG(seed, 0x68616e647261696c))
	visits := s.Arrivals.Replay
	if visits == nil {
		visits = s.visits(r)
	}
	d := Day{visitors: make([]visitor, len(visits))}
	for i, v := range visits {
		kind := s.Kinds[v.Kind]
		handling := s.Handling
		if kind.Handling != nil {
			handling = *kind.Handling
		}
		d.visitors[i] = visitor{arrival: v.At.Seconds(), handling: handling.draw(r), patience: s.Patience.draw(r)}
		if v.Handling > 0 {
			d.visitors[i].handling = v.Handling.Seconds()
		}
		if s.Rules == nil {
			continue
		}
		facts := kind.Facts
		if v.Facts != nil {
			facts = *v.Facts
		}
		facts.Time = s.Start.Add(v.At)
		route, err := s.Rules.Route(ctx, facts)
		if err != nil {
			return Day{}, err
		}
		d.visitors[i].route = route
	}
	return d, ctx.Err()
}

// visits draws who comes when. Within a minute the rate is constant, so that the time to the next visitor may be drawn
// anew at the start of each.
func (s *Scenario) visits(r *rand.Rand) (list []Visit) {
	for at := time.Duration(0); at < s.Length; at += time.Minute {
		rate := s.rate(at) // visitors a second
		if rate <= 0 {
			continue
		}
		for t := r.ExpFloat64() / rate; t < time.Minute.Seconds(); t += r.ExpFloat64() / rate {
			list = append(list, Visit{At: at + time.Duration(t*float64(time.Second)), Kind: s.kind(r)})
		}
	}
	slices.SortStableFunc(list, func(a, b Visit) int { return int(a.At - b.At) })
	return list
}

// rate is the number of visitors a second in the minute that begins then.
func (s *Scenario) rate(at time.Duration) (rate float64) {
	if n := len(s.Arrivals.PerHour); n > 0 {
		rate = s.Arrivals.PerHour[int(at/time.Hour)%n] / time.Hour.Seconds()
	}
	for _, b := range s.Arrivals.Bursts {
		if b.At <= at && at < b.At+b.For {
			rate += b.Extra / b.For.Seconds()
		}
	}
	return rate
}

// kind draws a kind by its share.
func (s *Scenario) kind(r *rand.Rand) int {
	var total float64
	for _, k := range s.Kinds {
		total += k.Share
	}
	at := r.Float64() * total
	for i, k := range s.Kinds {
		if at -= k.Share; at < 0 {
			return i
		}
	}
	return len(s.Kinds) - 1
}
