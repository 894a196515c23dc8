package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTurnGivenBackIsFreeAtOnceAndCountsAsUntried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	_, err := w.Append(t.Context(), w.ws, c.ID, w.visitor("hello"))
	require.NoError(t, err)
	for range 5 { // more often than a turn is tried
		turn, err := w.ClaimTurn(t.Context(), "stops", time.Minute)
		require.NoError(t, err)
		require.Equal(t, 1, turn.Attempt)
		require.NoError(t, w.GiveTurnBack(t.Context(), *turn))
	}
	old, err := w.ClaimTurn(t.Context(), "stays", time.Minute)
	require.NoError(t, err)
	stale := *old
	stale.Attempt = 7
	require.NoError(t, w.GiveTurnBack(t.Context(), stale), "a claim that is lost is left alone")
	none, err := w.ClaimTurn(t.Context(), "other", time.Minute)
	require.NoError(t, err)
	require.Nil(t, none)
}
