package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/postgres"
)

// TestGather holds the first query back until many callers wait, and checks that they share the next ones and that each
// gets the value of its own key.
func TestGather(t *testing.T) {
	t.Parallel()
	const callers, limit = 100, 32
	var queries, started atomic.Int64
	release := make(chan struct{})
	g := postgres.NewGather(1, limit, func(_ context.Context, keys []int) ([]int, error) {
		if queries.Add(1) == 1 {
			<-release
		}
		values := make([]int, len(keys))
		for i, k := range keys {
			values[i] = 2 * k
		}
		return values, nil
	})
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			if started.Add(1) == callers {
				close(release)
			}
			v, err := g.Do(t.Context(), i)
			if err != nil || v != 2*i {
				t.Errorf("the value of %d is %d: %v", i, v, err)
			}
		})
	}
	all.Wait()
	require.Less(t, queries.Load(), int64(callers/2), "callers share queries")
}

func TestGatherFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	g := postgres.NewGather(2, 8, func(context.Context, []int) ([]int, error) { return nil, broken })
	_, err := g.Do(t.Context(), 1)
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hangs := postgres.NewGather(1, 8, func(ctx context.Context, _ []int) ([]int, error) { return []int{0}, nil })
	_, err = hangs.Do(ctx, 1)
	if err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
}
