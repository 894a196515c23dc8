package progress_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/progress"
)

func TestTellWritesWhatChangesAndSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []int
		var latest progress.Latest[int]
		stop := progress.Tell(t.Context(), progress.Pace{Every: time.Second, Alive: 10 * time.Second}, &latest,
			func(_ context.Context, n int) { written = append(written, n) })
		pass := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}
		latest.Set(1)
		latest.Set(2)
		pass(1500 * time.Millisecond)
		require.Equal(t, []int{2}, written, "only the latest is written")
		pass(8 * time.Second)
		require.Equal(t, []int{2}, written, "what is known is not told again")
		pass(2 * time.Second)
		require.Equal(t, []int{2, 2}, written, "but a sign of life is given")
		latest.Set(3)
		stop()
		stop()
		require.Equal(t, 3, latest.Get())
		pass(time.Minute)
		require.Equal(t, []int{2, 2}, written, "nothing is written after the end")
	})
}
