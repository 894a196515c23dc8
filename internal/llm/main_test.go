package llm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fast is a configuration that retries at once. Its times are long enough for a busy machine; tests of silence
// shorten them.
func fast(s *llmtest.Server) llm.Config {
	c := s.Config()
	c.IdleTimeout, c.Timeout = 5*time.Second, 10*time.Second
	c.Retry.Delay = time.Millisecond
	return c
}

func newModel(t *testing.T, c llm.Config) *llm.OpenAI {
	t.Helper()
	m, err := llm.NewOpenAI(c)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// ask is the request of most tests.
func ask() llm.Request {
	return llm.Request{Messages: []llm.Message{
		{Role: llm.System, Content: "Answer from the passages."},
		{Role: llm.User, Content: "[1] Returns: You may send goods back within 30 days. The parcel is free.\n" +
			"[2] Payment: We take cards and bank transfers.\n\nQuestion: How many days do I have to send goods back?"},
	}}
}

const answer = "You may send goods back within 30 days [1]."

// outcome is everything that one stream yielded.
type outcome struct {
	text   string
	finish string
	usage  *llm.Usage
	err    error
	deltas int
}

func drain(t *testing.T, m llm.Model, r llm.Request) outcome {
	t.Helper()
	var o outcome
	var text strings.Builder
	for d, err := range m.Stream(t.Context(), r) {
		require.NoError(t, o.err, "nothing may follow an error")
		require.Empty(t, o.finish, "nothing may follow the finish reason")
		if err != nil {
			o.err = err
			continue
		}
		o.deltas++
		text.WriteString(d.Text)
		o.finish, o.usage = d.Finish, d.Usage
	}
	o.text = text.String()
	require.True(t, o.err != nil || o.finish != "", "a stream ends with an error or a finish reason")
	require.False(t, o.err != nil && o.finish != "")
	return o
}

func isIncomplete(err error) bool { return errors.Is(err, llm.ErrIncomplete) }
