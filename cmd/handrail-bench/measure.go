package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// speed is what a number of clients reached together.
type speed struct {
	perSecond     float64
	p50, p95, p99 time.Duration
}

// measure lets clients call do one after the other for a while, after a tenth of that to warm up.
func measure(ctx context.Context, clients int, length time.Duration, do func(ctx context.Context, i int) error) (speed, error) {
	if _, err := window(ctx, clients, length/10, do); err != nil {
		return speed{}, err
	}
	return window(ctx, clients, length, do)
}

func window(ctx context.Context, clients int, length time.Duration, do func(ctx context.Context, i int) error) (speed, error) {
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	var all sync.WaitGroup
	start := time.Now()
	for range clients {
		all.Go(func() {
			var own []time.Duration
			var err error
			for err == nil && time.Since(start) < length && ctx.Err() == nil {
				begin := time.Now()
				err = do(ctx, int(next.Add(1)-1))
				own = append(own, time.Since(begin))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			if failed == nil {
				failed = err
			}
		})
	}
	all.Wait()
	elapsed := time.Since(start)
	if failed != nil || len(took) == 0 {
		return speed{}, failed
	}
	return speedOf(took, elapsed), ctx.Err()
}

// speedOf sums up calls that took so long each, and elapsed together.
func speedOf(took []time.Duration, elapsed time.Duration) speed {
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
	return speed{float64(len(took)) / elapsed.Seconds(), at(.5), at(.95), at(.99)}
}

// table prints rows of speeds, the first of which is what the others are compared with.
type table struct {
	w    *tabwriter.Writer
	base *speed
}

func newTable(w io.Writer, title string) *table {
	t := &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprintf(t.w, "%s\tqueries/s\tp50 ms\tp95 ms\tp99 ms\tqueries/s of Handrail per one of it\t\n", title)
	return t
}

func (t *table) add(name string, s speed) {
	ratio := "-"
	if t.base == nil {
		t.base = &s
	} else {
		ratio = fmt.Sprintf("%.2f", t.base.perSecond/s.perSecond)
	}
	fmt.Fprintf(t.w, "%s\t%.0f\t%s\t%s\t%s\t%s\t\n", name, s.perSecond, ms(s.p50), ms(s.p95), ms(s.p99), ratio)
}

func (t *table) print() error { return t.w.Flush() }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
