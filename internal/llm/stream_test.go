package llm_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestStreamGivesTheWholeAnswerWithUsage(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	o := drain(t, newModel(t, fast(s)), ask())
	require.NoError(t, o.err)
	require.Equal(t, answer, o.text)
	require.Equal(t, llm.FinishStop, o.finish)
	require.Greater(t, o.deltas, 3, "the answer comes in parts")
	require.NotNil(t, o.usage)
	require.Positive(t, o.usage.Prompt)
	require.Positive(t, o.usage.Completion)
}

func TestTemperatureZeroIsSent(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	r := ask()
	r.MaxTokens = 77
	require.NoError(t, drain(t, newModel(t, fast(s)), r).err)
	q := s.Requests()[0]
	require.NotNil(t, q.Temperature, "without it the endpoint takes its own default")
	require.Less(t, *q.Temperature, 1e-6)
	require.Equal(t, 77, q.MaxTokens)
}

func TestReasoningModelsGetNoTemperature(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	for _, name := range []string{"gpt-5-mini", "o3-mini", "gpt-6-luna"} {
		s.Offer(name)
		c := fast(s)
		c.Model = name
		r := ask()
		r.MaxTokens, r.Temperature = 50, 0.3
		require.NoError(t, drain(t, newModel(t, c), r).err)
		got := s.Requests()
		q := got[len(got)-1]
		require.Nil(t, q.Temperature)
		require.Zero(t, q.MaxTokens)
		require.Equal(t, 50, q.MaxCompletionTokens)
	}
}

// serve answers every request with the given lines of an event stream.
func serve(t *testing.T, lines ...string) llm.Config {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(strings.Join(lines, "\n") + "\n"))
	}))
	t.Cleanup(srv.Close)
	return llm.Config{BaseURL: srv.URL, Model: "m", IdleTimeout: time.Second, Timeout: 10 * time.Second,
		Retry: llm.Retry{Max: -1}}
}

const (
	hello = `data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}`
	stop  = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	done  = `data: [DONE]`
)

func TestOnlyAFinishReasonMakesAnAnswerComplete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines    []string
		complete bool
	}{
		"good":                          {[]string{hello, stop, done}, true},
		"no end mark":                   {[]string{hello, stop}, true},
		"error after the end":           {[]string{hello, stop, `data: {"error":{"message":"late"}}`}, true},
		"cut":                           {[]string{hello}, false},
		"end mark without reason":       {[]string{hello, done}, false},
		"error frame":                   {[]string{hello, `data: {"error":{"message":"boom"}}`}, false},
		"error frame with other spaces": {[]string{hello, `data: { "error" : {"message":"boom"}}`, done}, false},
		"error line of llama.cpp":       {[]string{hello, `error: {"message":"boom"}`}, false},
		"error frame at once":           {[]string{`data: {"error":{"message":"boom"}}`}, false},
		"broken JSON":                   {[]string{hello, `data: {"choices": [{`, stop, done}, false},
		"nothing":                       {nil, false},
		"no text":                       {[]string{stop, done}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := drain(t, newModel(t, serve(t, test.lines...)), ask())
			if test.complete {
				require.NoError(t, o.err)
				require.Equal(t, "Hello", o.text)
				return
			}
			require.ErrorIs(t, o.err, llm.ErrIncomplete)
			require.Empty(t, o.finish)
		})
	}
}

func TestManyKeepAliveCommentsAreBorne(t *testing.T) {
	t.Parallel()
	lines := []string{strings.Repeat(": keep-alive\n\n", 5000), hello, stop, done}
	o := drain(t, newModel(t, serve(t, lines...)), ask())
	require.NoError(t, o.err)
	require.Equal(t, "Hello", o.text)
}

func TestTextIsStorable(t *testing.T) {
	t.Parallel()
	o := drain(t, newModel(t, serve(t, `data: {"choices":[{"delta":{"content":"a\u0000b`+"\xff"+`c"}}]}`, stop)), ask())
	require.NoError(t, o.err)
	require.Equal(t, "ab\uFFFDc", o.text)
}

func TestALongAnswerOutlivesTheIdleTime(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Pace(10 * time.Millisecond)
	s.Reply(llmtest.Reply{Text: strings.Repeat("word ", 100)})
	c := fast(s)
	c.IdleTimeout = 500 * time.Millisecond // the answer takes twice that
	c.HTTP = &http.Client{Timeout: time.Millisecond}
	o := drain(t, newModel(t, c), ask())
	require.NoError(t, o.err, "neither the idle time nor the client's Timeout may cut a stream that is alive")
	require.Len(t, o.text, 500)
}

func TestSlowReceiverIsNotTheEndpointsSilence(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Pace(100 * time.Millisecond) // what follows is not yet received while the receiver is slow
	s.Reply(llmtest.Reply{Text: strings.Repeat("word ", 10)})
	c := fast(s)
	c.IdleTimeout = 400 * time.Millisecond
	slow, first := make(chan struct{}), true
	for _, err := range newModel(t, c).Stream(t.Context(), ask()) {
		require.NoError(t, err)
		if first {
			first = false
			time.AfterFunc(600*time.Millisecond, func() { close(slow) })
			<-slow
		}
	}
}

func TestCancelEndsTheStream(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.HalfOpen)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for d, err := range newModel(t, fast(s)).Stream(ctx, ask()) {
		last = err
		if d.Text != "" {
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
	require.ErrorIs(t, last, llm.ErrIncomplete)
}

func TestCancelDuringTheWaitForARetry(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.ServerError)
	c := fast(s)
	c.Retry.Delay, c.Timeout = time.Hour, 500*time.Millisecond
	o := drain(t, newModel(t, c), ask())
	require.Error(t, o.err)
	require.Len(t, s.Requests(), 1)
}

func TestBreakEndsTheCall(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.Endless)
	for d, err := range newModel(t, fast(s)).Stream(t.Context(), ask()) {
		require.NoError(t, err)
		require.NotEmpty(t, d.Text)
		break
	}
}

func TestSchemaIsSentAndChecked(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	m := newModel(t, fast(s))
	r := ask()
	r.JSONSchema = []byte(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}`)

	s.Reply(llmtest.Reply{Text: `{"n": 3}`}, llmtest.Reply{Text: `{"n": "three"}`}, llmtest.Reply{Text: `{"n": 3`})
	text, _, err := llm.Complete(t.Context(), m, r)
	require.NoError(t, err)
	require.JSONEq(t, `{"n":3}`, text)
	var sent any
	require.NoError(t, json.Unmarshal(s.Requests()[0].ResponseFormat.JSONSchema.Schema, &sent))
	require.Contains(t, sent, "properties")

	for range 2 {
		text, _, err = llm.Complete(t.Context(), m, r)
		require.ErrorIs(t, err, llm.ErrIncomplete)
		require.Empty(t, text)
	}
}

func TestCompleteRefusesATruncatedAnswer(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	for _, reason := range []string{"length", "content_filter"} {
		s.Reply(llmtest.Reply{Text: "You may send goods", Finish: reason})
		text, _, err := llm.Complete(t.Context(), newModel(t, fast(s)), ask())
		require.ErrorIs(t, err, llm.ErrIncomplete)
		require.ErrorContains(t, err, reason)
		require.Empty(t, text)
	}
}

func TestAnAnswerWithoutEndIsCutByTime(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Pace(20 * time.Millisecond)
	s.Fail(llmtest.Endless)
	c := fast(s)
	c.Timeout = time.Second
	o := drain(t, newModel(t, c), ask())
	require.ErrorIs(t, o.err, llm.ErrIncomplete)
	require.ErrorContains(t, o.err, "did not answer in time")
	require.NotEmpty(t, o.text)
}
