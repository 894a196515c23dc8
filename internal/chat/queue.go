package chat

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/internal/errs"
)

// key names a conversation among all workspaces.
type key struct{ workspace, id uuid.UUID }

// request is one append that waits for its group commit.
type request struct {
	key   key
	entry Entry
	done  chan outcome // buffered: the writer never waits for the caller
}

// outcome is what became of a request.
type outcome struct {
	message Message
	err     error
}

// queue hands requests to writers. A conversation is with one writer at a time, which keeps its order; requests for
// it that arrive meanwhile are parked until its writer is done.
type queue struct {
	mu      sync.Mutex
	opened  bool
	writers int
	ready   []*request
	busy    map[key][]*request // conversations with a writer, and their parked requests
	held    int                // requests that are ready, parked or being written
	pace    pace
}

func newQueue() queue { return queue{busy: map[key][]*request{}} }

func (q *queue) open() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened = true
}

func (q *queue) shut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened = false
}

// add accepts a request. If fewer than limit writers are at work, it calls start for one more.
func (q *queue) add(r *request, limit int, start func()) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.opened {
		return errs.New(errs.Unavailable, "the server is starting or stopping: send again in a moment")
	}
	if q.held >= neverRefused && q.pace.wait(q.held) > longestWait {
		return errs.New(errs.RateLimited, "too much is being written at the moment: send again in a second")
	}
	q.held++
	if parked, ok := q.busy[r.key]; ok {
		q.busy[r.key] = append(parked, r)
		return nil
	}
	q.ready = append(q.ready, r)
	q.more(limit, start)
	return nil
}

// more starts a writer if there is work and room for one. It runs under the lock, so that a writer never leaves work
// behind that nobody was started for.
func (q *queue) more(limit int, start func()) {
	if len(q.ready) > 0 && q.writers < limit {
		q.writers++
		start()
	}
}

// take returns the next requests to write together, in order of arrival, or nil when the calling writer should end.
func (q *queue) take(limit int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(limit, len(q.ready))
	if n == 0 {
		q.writers--
		return nil
	}
	batch := q.ready[:n:n]
	q.ready = q.ready[n:]
	for _, r := range batch {
		q.busy[r.key] = nil
	}
	q.park()
	return batch
}

// park moves ready requests of busy conversations out of the way of other writers.
func (q *queue) park() {
	rest := make([]*request, 0, len(q.ready))
	for _, r := range q.ready {
		if parked, ok := q.busy[r.key]; ok {
			q.busy[r.key] = append(parked, r)
		} else {
			rest = append(rest, r)
		}
	}
	q.ready = rest
}

// written notes that a writer has dealt with requests, and how long it took.
func (q *queue) written(n int, took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held -= n
	q.pace.note(n, took, max(q.writers, 1))
}

// release ends the hold on conversations and makes their parked requests ready, ahead of any later ones.
func (q *queue) release(keys map[key]bool, limit int, start func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for k := range keys {
		q.ready = append(q.ready, q.busy[k]...)
		delete(q.busy, k)
	}
	q.more(limit, start)
}
