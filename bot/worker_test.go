package bot

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/llm/llmtest"
)

func (w *world) worker(b *Bot) *Worker {
	return NewWorker(WorkerConfig{Bot: b, Log: w.log, Node: "alive", Concurrency: 2,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// die lets a node claim the due turn and never finish it; its lease is over at once.
func (w *world) die() {
	w.t.Helper()
	turn, err := w.log.ClaimTurn(w.t.Context(), "dead", time.Microsecond)
	require.NoError(w.t, err)
	require.NotNil(w.t, turn)
}

func TestTurnOfADeadNodeIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.conversation()
	w.append(id, returnsQuestion)
	for range maxAttempts - 1 {
		w.die()
	}
	worker := w.worker(w.bot(0.9, nil))
	require.True(t, worker.one(t.Context()))
	require.Equal(t, []string{"visitor text", "bot text"}, w.entries(id))
	require.False(t, worker.one(t.Context()), "nothing is left to do")
}

func TestTurnThatKeepsFailingGoesToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, id := w.bot(0.9, nil), w.conversation()
	w.append(id, returnsQuestion)
	for range maxAttempts {
		w.die()
	}
	require.True(t, w.worker(b).one(t.Context()))
	require.Equal(t, []string{"visitor text", "bot text", "system handoff"}, w.entries(id))
	require.Equal(t, []string{ReasonModelFailure}, w.handoffs(id))
	require.Equal(t, ReasonModelFailure, w.explain(b, id)[0].Reason)
}

func TestTurnThatIsLeasedIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.say(w.conversation(), returnsQuestion)
	require.False(t, w.worker(w.bot(0.9, nil)).one(t.Context()))
}

func TestTurnThatFailsStaysDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.conversation()
	w.append(id, "I want to talk to a human, please")
	w.desk.broken = errBroken
	require.False(t, w.worker(w.bot(0.9, nil)).one(t.Context()))
	require.NotZero(t, w.get(id).TurnDue)
}

func TestWokenWorkerTakesEveryTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	worker := w.worker(w.bot(0.9, nil))
	worker.Start(t.Context())
	defer worker.Stop()
	for range 3 * worker.c.Concurrency { // each loop is woken more than once
		id := w.conversation()
		w.append(id, "I want to talk to a human, please")
		worker.Wake()
		select {
		case got := <-w.desk.queued:
			require.Equal(t, id, got)
		case <-time.After(20 * time.Second):
			require.Fail(t, "nobody took the turn")
		}
		w.become(id, chat.StateQueued, 0) // the desk speaks before the commit; a decision waits for it
		require.Equal(t, []string{ReasonAskedForPerson}, w.handoffs(id))
	}
}

func TestStopLeavesTheTurnDue(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), llmtest.Start(t)
	id, arrived := w.conversation(), make(chan struct{})
	s.Match(func(llmtest.Request) (llmtest.Reply, bool) {
		close(arrived)
		return llmtest.Reply{Text: "You can return a bicycle within 30 days [1]. And more.", Fault: llmtest.HalfOpen}, true
	})
	b := w.bot(0.9, writer(t, s, nil))
	w.append(id, returnsQuestion)
	worker := w.worker(b)
	worker.Start(t.Context())
	<-arrived
	worker.Stop()
	c := w.get(id)
	require.Equal(t, []any{chat.StateBot, int64(1)}, []any{c.State, c.TurnDue})
	require.Equal(t, []string{"visitor text"}, w.entries(id))
	require.Empty(t, w.explain(b, id))
}

func TestWakeNeverBlocks(t *testing.T) {
	t.Parallel()
	worker := NewWorker(WorkerConfig{})
	for range 100 {
		worker.Wake()
	}
}
