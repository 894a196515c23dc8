// Package progress tells how far a long piece of work has come while it goes on beside. There are no tables: whoever
// does the work says where its progress is written.
package progress

import (
	"context"
	"sync"
	"time"
)

// Latest holds how far a piece of work is. The zero value is ready, and safe for concurrent use.
type Latest[T comparable] struct {
	mu sync.Mutex
	v  T
}

// Set records how far the work is.
func (l *Latest[T]) Set(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v = v
}

// Get returns what has been recorded last, or the zero value.
func (l *Latest[T]) Get() T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.v
}

// Pace is how often progress is told.
type Pace struct {
	Every time.Duration // between two looks at what has been recorded
	Alive time.Duration // the longest silence when nothing changes, so that others do not take the work for dead
}

// Tell calls write with what has been recorded last, from a goroutine of its own, so that the work never waits for it. It
// ends with ctx, or when the returned function is called, which waits for a call under way and may be repeated.
func Tell[T comparable](ctx context.Context, p Pace, from *Latest[T], write func(context.Context, T)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var over sync.WaitGroup
	over.Go(func() { tell(ctx, p, from, write) })
	return func() {
		cancel()
		over.Wait()
	}
}

func tell[T comparable](ctx context.Context, p Pace, from *Latest[T], write func(context.Context, T)) {
	tick := time.NewTicker(p.Every)
	defer tick.Stop()
	var told T
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		v := from.Get()
		if v == told && time.Since(last) < p.Alive {
			continue
		}
		told, last = v, time.Now()
		write(ctx, v)
	}
}
