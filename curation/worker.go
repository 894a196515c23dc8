package curation

import (
	"context"
	"time"
)

const (
	// batch bounds what one pass reads at a time.
	batch = 100
	// firstLook is how far back ended handoffs are looked for when a node starts: longer than an outage should be.
	firstLook = 30 * 24 * time.Hour
	// laterLook is the same afterwards. It only needs to be longer than a transaction and a failing database last.
	laterLook = 24 * time.Hour
)

// Start begins to turn people's answers into drafts and to complete publications, until ctx ends or Stop.
func (c *Curator) Start(ctx context.Context) {
	ctx, c.stop = context.WithCancel(ctx)
	c.done.Go(func() { c.loop(ctx) })
}

// Stop ends what Start began and waits for it. Work in progress is undone, and done by another node or the next start.
func (c *Curator) Stop() {
	c.stop()
	c.done.Wait()
}

// Wake says that a handoff may have ended. It never blocks.
func (c *Curator) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Curator) loop(ctx context.Context) {
	tick := time.NewTicker(c.c.Poll)
	defer tick.Stop()
	look := firstLook
	for {
		if c.report(ctx, "turn answers into drafts", c.derive(ctx, look)) {
			look = laterLook
		}
		c.report(ctx, "complete publications", c.resume(ctx))
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-tick.C:
		}
	}
}

// report logs a failure; the next pass tries again. It reports whether there was none.
func (c *Curator) report(ctx context.Context, what string, err error) bool {
	if err != nil && ctx.Err() == nil {
		c.c.Logger.ErrorContext(ctx, "cannot "+what, "error", err)
	}
	return err == nil
}
