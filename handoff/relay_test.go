package handoff_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/internal/chat"
	"handrail/internal/webhook"
)

func TestMessagesAreToldToWebhooksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hooks, err := webhook.New(w.db, webhook.Config{})
	require.NoError(t, err)
	desk := handoff.New(w.db, w.log, w.bus, handoff.Config{Hooks: hooks})
	id := w.conversation()
	w.say(id, "before anybody asked")
	told, err := desk.Relay(t.Context(), w.ws)
	require.NoError(t, err)
	require.Zero(t, told)
	for _, bodies := range []bool{false, true} {
		_, _, err := hooks.Add(t.Context(), w.ws, "test", webhook.Endpoint{URL: "https://x.example", Events: []string{webhook.Message}, Bodies: bodies})
		require.NoError(t, err)
	}
	w.say(id, "secret word")
	require.NoError(t, w.enqueue(id, chat.Handoff{Reason: "no_answer"}))
	w.say(id, "another")
	var n atomic.Int64
	var racing sync.WaitGroup
	for range 4 {
		racing.Go(func() {
			told, err := desk.Relay(t.Context(), w.ws)
			if err != nil {
				t.Error(err)
			}
			n.Add(int64(told))
		})
	}
	racing.Wait()
	require.EqualValues(t, 2, n.Load(), "two texts, and no entry of the system")
	jobs := func(where string) (n int) {
		require.NoError(t, w.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE `+where).Scan(&n))
		return n
	}
	require.Equal(t, 4, jobs(`true`), "to both endpoints")
	require.Equal(t, 1, jobs(`args::text LIKE '%secret word%'`), "only who asked for them gets the words")
	require.Equal(t, 0, jobs(`args::text LIKE '%before anybody%'`))
}
