package chat

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestConversationIsWithOneWriterAtATime(t *testing.T) {
	t.Parallel()
	q := newQueue()
	q.open()
	started := 0
	start := func() { started++ }
	a, b := key{id: uuid.New()}, key{id: uuid.New()}
	a1, a2, a3, b1 := &request{key: a}, &request{key: a}, &request{key: a}, &request{key: b}
	for _, r := range []*request{a1, a2, b1} {
		require.NoError(t, q.add(r, 2, start))
	}
	require.Equal(t, 2, started)

	require.Equal(t, []*request{a1}, q.take(1))
	require.Equal(t, []*request{b1}, q.take(1), "a2 waits for a1")
	require.NoError(t, q.add(a3, 2, start))
	require.Nil(t, q.take(2), "a3 waits for a2")
	q.release(map[key]bool{b: true}, 2, start)
	q.release(map[key]bool{a: true}, 2, start)
	require.Equal(t, 3, started, "the parked work has a writer")
	require.Equal(t, []*request{a2, a3}, q.take(2))
	q.shut()
	require.Error(t, q.add(b1, 2, start))
}
