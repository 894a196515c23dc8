package api

import "time"

const (
	// bucketSize is how many frames a visitor may send at once: a reconnect flushes what was written offline.
	bucketSize = 100
	// bucketRate is how many more they may send each second. Nobody types that fast, and every message costs a turn.
	bucketRate = 20
)

// bucket bounds how fast one connection may send. It is used by one goroutine.
type bucket struct {
	tokens float64
	last   time.Time
}

func newBucket() *bucket { return &bucket{tokens: bucketSize, last: time.Now()} }

// take reports whether one more frame may pass now.
func (b *bucket) take() bool {
	now := time.Now()
	b.tokens = min(bucketSize, b.tokens+bucketRate*now.Sub(b.last).Seconds())
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
