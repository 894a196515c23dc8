package api

import "time"

// allowance is how many frames a visitor may send at once, and how many more each second.
type allowance struct{ burst, rate float64 }

// While the bot is in charge every message costs a turn, and a burst is what was written offline. Nobody types faster.
// People are not stopped from talking to people; the bound only keeps one connection from taking the server for itself.
func botAllowance() allowance    { return allowance{burst: 100, rate: 20} }
func personAllowance() allowance { return allowance{burst: 2000, rate: 1000} }

// bucket bounds how fast one connection may send, counting what was sent lately. It is used by one goroutine.
type bucket struct {
	spent float64
	last  time.Time
}

// take reports whether one more frame may pass now.
func (b *bucket) take(a allowance) bool {
	now := time.Now()
	b.spent = max(0, b.spent-a.rate*now.Sub(b.last).Seconds())
	b.last = now
	if b.spent+1 > a.burst {
		return false
	}
	b.spent++
	return true
}
