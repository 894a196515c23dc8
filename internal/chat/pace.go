package chat

import "time"

// Under overload the time in the queue would grow without end, and every sender would wait for what the first ones have
// asked for. So an append is refused, at once, when those before it will take longer than longestWait; what is accepted
// is then written as quickly as ever. As many as one transaction can hold are never refused, however slow the database.
const (
	longestWait  = 25 * time.Millisecond
	neverRefused = 512
)

// pace is how long the writers have lately taken for a request. The zero value knows nothing, and refuses nothing.
type pace struct {
	perRequest float64 // nanoseconds
}

// note learns from a batch that one of several writers has written. Small batches teach nothing: most of their time is
// that of the commit, which the requests of a long queue share.
func (p *pace) note(n int, took time.Duration, writers int) {
	const weight, smallest = 0.1, 64
	if n < smallest {
		return
	}
	latest := float64(took) / float64(n*writers)
	if p.perRequest == 0 {
		p.perRequest = latest
	}
	p.perRequest += weight * (latest - p.perRequest)
}

// wait is how long a request will be in the queue that comes after so many.
func (p *pace) wait(before int) time.Duration { return time.Duration(p.perRequest * float64(before)) }
