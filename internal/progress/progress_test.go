package progress_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/progress"
)

func TestTellWritesWhatChangesAndSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var written []int
		var latest progress.Latest[int]
		stop := progress.Tell(t.Context(), progress.Pace{Every: time.Second, Alive: 10 * time.Second}, &latest,
			func(_ context.Context, n int) {
				mu.Lock()
				defer mu.Unlock()
				written = append(written, n)
			})
		after := func(d time.Duration) []int {
			<-time.After(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return written
		}
		latest.Set(1)
		latest.Set(2)
		require.Equal(t, []int{2}, after(1500*time.Millisecond), "only the latest is written")
		require.Equal(t, []int{2}, after(8*time.Second), "what is known is not told again")
		require.Equal(t, []int{2, 2}, after(2*time.Second), "but a sign of life is given")
		latest.Set(3)
		stop()
		stop()
		require.Equal(t, 3, latest.Get())
		require.Equal(t, []int{2, 2}, after(time.Minute), "nothing is written after the end")
	})
}
