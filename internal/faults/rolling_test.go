package faults_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/client"
	"handrail/internal/faults"
	"handrail/internal/llm/llmtest"
)

// TestF7RollingRestarts restarts every node, one after the other, while a model writes answers.
func TestF7RollingRestarts(t *testing.T) {
	parallel(t)
	model := llmtest.Start(t)
	model.Pace(150 * time.Millisecond)
	c := boot(t, faults.Options{Env: []string{"HANDRAIL_LLM_BASE_URL=" + model.URL(), "HANDRAIL_LLM_API_KEY=" + llmtest.Key,
		"HANDRAIL_LLM_MODEL=" + llmtest.ChatModel}})
	help := filepath.Join(t.TempDir(), "help")
	require.NoError(t, os.Mkdir(help, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(help, "returns.md"), []byte("# Returns\n\n## How long can I return an item?\n\n"+
		"You can return an item within 30 days of delivery. Put the item into its box and add the return slip.\n"), 0o644))
	_, err := c.Run(t.Context(), "", "ingest", help)
	require.NoError(t, err)

	total := &asker{ledger: faults.NewLedger()}
	restarts := times(1, 10)
	var slowest time.Duration
	for range restarts {
		for _, n := range c.Nodes {
			began := time.Now()
			asker := newAsker(t, c, total.ledger) // the same question twice from one person would go to people
			asker.ask()
			within(t, 20*time.Second, "an answer is being written", func() bool { return asker.streaming.Load() })
			require.NoError(t, n.Terminate())
			require.NoError(t, n.Restart(t.Context()))
			within(t, 30*time.Second, "the answer is complete", asker.answered)
			slowest = max(slowest, time.Since(began))
			total.asked.Add(1)
			total.answers.Add(asker.answers.Load())
			total.failures.Add(asker.failures.Load())
		}
	}
	shared.report.Count("F7", "rolling restarts of 3 nodes during answers", restarts, "")
	shared.report.Count("F7", "answers", int(total.answers.Load()), "one each")
	shared.report.Count("F7", "answers withheld, handed off or refused", int(total.failures.Load()), "0")
	shared.report.Time("F7", "longest time until the answer was complete", slowest, "")
	require.Zero(t, total.failures.Load())
	require.Equal(t, total.asked.Load(), total.answers.Load(), "one answer for each question")
	problems, err := total.ledger.Check(t.Context(), c.DB, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// asker is a visitor who asks the bot.
type asker struct {
	*client.Visitor
	ledger                   *faults.Ledger
	asked, answers, failures atomic.Int64
	streaming                atomic.Bool // pieces of an answer have come
}

func newAsker(t *testing.T, c *faults.Cluster, ledger *faults.Ledger) *asker {
	a := &asker{ledger: ledger}
	var err error
	a.Visitor, err = client.NewVisitor(client.Config{URLs: c.URLs(), PauseFirst: 50 * time.Millisecond, PauseMost: time.Second}, client.Site{Key: c.Widget, Lang: "en"},
		client.Handlers{Entry: a.shown, Acked: a.ledger.Acked,
			Delta:   func(d client.Delta) { a.streaming.Store(a.streaming.Load() || d.Text != "") },
			Refused: func(client.Refusal) { a.failures.Add(1) }})
	require.NoError(t, err)
	live(t, a.Run)
	return a
}

func (a *asker) ask() {
	a.streaming.Store(false)
	a.asked.Add(1)
	const body = "How long can I return an item?"
	a.ledger.Sent("asker", body, func() string { return a.Send(body) })
}

func (a *asker) shown(e client.Entry) {
	a.ledger.Shown("asker", e)
	switch {
	case e.Sender.Kind == "bot" && strings.Contains(e.Body, "30 days"):
		a.answers.Add(1)
	case e.Sender.Kind != "visitor":
		a.failures.Add(1)
	}
}

func (a *asker) answered() bool { return a.answers.Load()+a.failures.Load() >= a.asked.Load() }
