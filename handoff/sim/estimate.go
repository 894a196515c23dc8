package sim

import (
	"math"
	"time"

	"handrail/handoff/routing"
)

// memory is how many of the latest conversations tell how long one takes, as at the desk.
const memory = 200

// pace is how long conversations took, as far as the desk has seen it.
type pace struct {
	latest       []float64 // seconds, at most memory of them
	next         int       // place of the oldest
	sum, squares float64
}

func (p *pace) saw(handling float64) {
	if len(p.latest) < memory {
		p.latest = append(p.latest, 0)
	}
	old := p.latest[p.next]
	p.latest[p.next] = handling
	p.next = (p.next + 1) % memory
	p.sum += handling - old
	p.squares += handling*handling - old*old
}

// outlook is what a visitor has before them who joins a queue.
func (p *pace) outlook(ahead, slots, busy int) routing.Outlook {
	n := float64(len(p.latest))
	o := routing.Outlook{Ahead: ahead, Slots: slots, Busy: busy, Samples: len(p.latest)}
	if n > 0 {
		o.Service = time.Duration(p.sum / n * float64(time.Second))
	}
	if n > 1 {
		o.Spread = time.Duration(math.Sqrt(max(0, p.squares-p.sum*p.sum/n)/(n-1)) * float64(time.Second))
	}
	return o
}
