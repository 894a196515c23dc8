package sim

import "math"

// estimate is what a visitor is told when they join a queue, in seconds.
type estimate struct {
	wait, error float64 // error is half the width of the range in which the wait is expected
	known       bool
}

// pace is how fast a group works, as far as it has been seen.
type pace struct {
	handling float64 // mean of the latest conversations, in seconds
}

// memory is the weight of a new conversation in the mean.
const memory = 0.05

func newPace(d Distribution) pace { return pace{d.Mean.Seconds()} }

func (p *pace) saw(handling float64) { p.handling += memory * (handling - p.handling) }

// estimate says how long a visitor waits who has so many ahead of them. All places are taken, and each becomes free
// after the mean handling time, at moments that do not depend on each other: the ends of n conversations are n steps of
// that time divided by the places.
func (p *pace) estimate(ahead, places int) estimate {
	if places == 0 {
		return estimate{}
	}
	step := p.handling / float64(places)
	n := float64(ahead + 1)
	return estimate{wait: n * step, error: math.Sqrt(n) * step, known: true}
}
