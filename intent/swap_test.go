package intent_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/postgres/pgtest"
)

// TestEveryNodeSwapsWhileItClassifies lets two nodes classify without a break while one of them trains and goes back.
func TestEveryNodeSwapsWhileItClassifies(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db := open(t, url)
	ws := pgtest.Workspace(t, db)
	nodes := []*intent.Classifier{intent.NewClassifier(db), intent.NewClassifier(open(t, url))}
	_, err := nodes[0].Train(t.Context(), ws, only("version_1", "where is it", "where is that"))
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var versions [2]atomic.Int64
	for i, node := range nodes {
		for range 2 {
			running.Go(func() {
				for ctx.Err() == nil {
					r, err := node.Classify(ctx, ws, "where is it")
					if err != nil {
						if ctx.Err() == nil {
							t.Errorf("node %d: %v", i, err)
						}
						return
					}
					if want := map[int]string{1: "version_1", 2: "version_2"}[r.Model]; r.Name != want || r.Intent.Name != want {
						t.Errorf("node %d answers %s with version %d", i, r.Name, r.Model)
						return
					}
					versions[i].Store(int64(r.Model))
				}
			})
		}
	}
	swapped := func(version int64) {
		t.Helper()
		// Two seconds, and what a busy machine takes to run the goroutines.
		require.Eventually(t, func() bool { return versions[0].Load() == version && versions[1].Load() == version },
			4*time.Second, 5*time.Millisecond)
	}
	swapped(1)
	_, err = nodes[0].Train(t.Context(), ws, only("version_2", "where is it", "where is that"))
	require.NoError(t, err)
	swapped(2)
	require.NoError(t, nodes[1].Activate(t.Context(), ws, "user:1", 1))
	swapped(1)
	stop()
	running.Wait()
}
