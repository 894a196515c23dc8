package chat

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

// TestQueueRefusesWhatItCannotWriteInTime fills a queue whose writers are known to take a millisecond for a request.
func TestQueueRefusesWhatItCannotWriteInTime(t *testing.T) {
	t.Parallel()
	q := newQueue()
	q.open()
	start := func() {}
	add := func() error { return q.add(&request{key: key{id: uuid.New()}}, 1, start) }
	for range 1000 {
		require.NoError(t, add(), "a queue that has measured nothing refuses nothing")
	}
	require.Len(t, q.take(1000), 1000)
	q.written(900, 0) // nothing to go by: a hundred are left
	q.pace = pace{}
	q.written(1, time.Second) // a lone append says nothing about a long queue
	q.written(99, 99*time.Millisecond)
	for range neverRefused {
		require.NoError(t, add(), "a short queue refuses nothing")
	}
	require.Equal(t, errs.RateLimited, errs.KindOf(add()))
	require.Len(t, q.take(1000), neverRefused)
	require.Error(t, add(), "what is being written counts")
	q.written(neverRefused, neverRefused*time.Millisecond)
	require.NoError(t, add(), "it accepts again as soon as the queue is short")
	q.pace = pace{perRequest: float64(time.Microsecond)}
	for range 10_000 {
		require.NoError(t, add(), "a faster database takes a longer queue")
	}
}
