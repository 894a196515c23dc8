package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

const (
	// leaseLife is how long a node may be silent before another takes its turn over.
	leaseLife = 5 * time.Second
	// pollEvery is how often a worker looks for turns without being woken: it bounds the delay after a lost hint or the
	// death of a node.
	pollEvery = time.Second
	// maxAttempts is how often a turn is tried before a person gets it.
	maxAttempts = 3
)

// WorkerConfig says how a node takes due turns.
type WorkerConfig struct {
	Bot         *Bot
	Log         *chat.Log
	Node        string // unique among the running processes
	Concurrency int    // turns at a time; 0 means 8
	Logger      *slog.Logger
}

// Worker takes due turns under a lease and answers them. A turn whose node died is found by its expired lease and
// finished by any other.
type Worker struct {
	c    WorkerConfig
	wake chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewWorker returns a worker that has not started.
func NewWorker(c WorkerConfig) *Worker {
	if c.Concurrency == 0 {
		c.Concurrency = 8
	}
	return &Worker{c: c, wake: make(chan struct{}, c.Concurrency)}
}

// Start begins taking turns until Stop.
func (w *Worker) Start(ctx context.Context) {
	ctx, w.stop = context.WithCancel(ctx)
	for range w.c.Concurrency {
		w.done.Go(func() { w.loop(ctx) })
	}
}

// Stop ends the worker. Turns in progress are cancelled and given back: another node, or this one after its restart,
// answers them.
func (w *Worker) Stop() {
	w.stop()
	w.done.Wait()
}

// Wake says that a turn may be due. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Worker) loop(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		for w.one(ctx) {
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
		}
	}
}

// one takes and answers a turn; it reports whether there was one.
func (w *Worker) one(ctx context.Context) bool {
	turn, err := w.c.Log.ClaimTurn(ctx, w.c.Node, leaseLife)
	if err != nil {
		if ctx.Err() == nil {
			w.c.Logger.Error("cannot look for due turns", "error", err)
		}
		return false
	}
	if turn == nil {
		return false
	}
	work, cancel := context.WithCancel(ctx)
	var renewal sync.WaitGroup
	renewal.Go(func() { w.renew(work, cancel, *turn) })
	defer renewal.Wait()
	defer cancel()
	err = w.handle(work, *turn)
	switch {
	case err == nil || errs.Is(err, errs.Conflict):
	case ctx.Err() != nil:
		w.giveBack(*turn)
	default:
		w.c.Logger.Error("a turn failed and stays due", "conversation", turn.Conversation, "attempt", turn.Attempt, "error", err)
		return false
	}
	return true
}

// giveBack is for a worker that stops. If it fails, the lease ends by itself.
func (w *Worker) giveBack(turn chat.Turn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := w.c.Log.GiveTurnBack(ctx, turn); err != nil {
		w.c.Logger.Info("a turn waits for the end of its lease", "conversation", turn.Conversation, "error", err)
	}
}

func (w *Worker) handle(ctx context.Context, turn chat.Turn) error {
	if turn.Attempt > maxAttempts {
		return w.c.Bot.HandOver(ctx, turn)
	}
	return w.c.Bot.Handle(ctx, turn)
}

// renew keeps the lease while the turn is worked on, and cancels the work when the lease is lost.
func (w *Worker) renew(ctx context.Context, cancel context.CancelFunc, turn chat.Turn) {
	tick := time.NewTicker(leaseLife / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.c.Log.RenewTurn(ctx, turn, leaseLife); err != nil {
				cancel()
				return
			}
		}
	}
}
