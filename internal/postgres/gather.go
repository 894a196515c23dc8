package postgres

import (
	"context"
	"sync"
	"time"
)

// gatherTimeout bounds one query of a [Gather].
const gatherTimeout = 10 * time.Second

// Gather turns calls that arrive together into one query. A lone call is made at once; those that come while queries
// run wait for the next one. It is meant for what every connecting client needs, so that thousands who come back at
// once cost the database little more than one.
type Gather[K, V any] struct {
	query   func(ctx context.Context, keys []K) ([]V, error)
	limit   int
	workers int

	mu      sync.Mutex
	waiting []*gathered[K, V]
	running int
}

type gathered[K, V any] struct {
	key   K
	value V
	err   error
	done  chan struct{}
}

// NewGather returns a gatherer that runs at most workers queries at a time, each with at most limit keys. query returns
// a value for each key, in their order; its error is every caller's.
func NewGather[K, V any](workers, limit int, query func(ctx context.Context, keys []K) ([]V, error)) *Gather[K, V] {
	return &Gather[K, V]{query: query, limit: limit, workers: workers}
}

// Do returns the value of a key. When ctx ends, the caller stops waiting, but the query may still be made.
func (g *Gather[K, V]) Do(ctx context.Context, key K) (V, error) {
	c := &gathered[K, V]{key: key, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.running < g.workers {
		g.running++
		go g.work()
	}
	g.mu.Unlock()
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// work runs queries until nobody waits.
func (g *Gather[K, V]) work() {
	for {
		batch := g.take()
		if batch == nil {
			return
		}
		keys := make([]K, len(batch))
		for i, c := range batch {
			keys[i] = c.key
		}
		ctx, cancel := context.WithTimeout(context.Background(), gatherTimeout)
		values, err := g.query(ctx, keys)
		cancel()
		for i, c := range batch {
			if c.err = err; err == nil {
				c.value = values[i]
			}
			close(c.done)
		}
	}
}

func (g *Gather[K, V]) take() []*gathered[K, V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(g.limit, len(g.waiting))
	if n == 0 {
		g.running--
		return nil
	}
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return batch
}
