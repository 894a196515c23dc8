package llmtest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGrounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ prompt, want string }{
		"quotes the sentence that answers": {
			"Passages:\n\n[1] Delivery > Times: Orders leave the same day. Express takes one day.\n\n" +
				"[2] Returns: You may return goods within 30 days. The label is in the parcel.\n\nQuestion: When can I return goods?",
			"You may return goods within 30 days [2]."},
		"without the word question": {
			"[3] Opening hours: We are open from 9 to 17.\n\nWhen are you open?", "We are open from 9 to 17 [3]."},
		"Chinese": {
			"[1] 退货: 您可以在三十天内退货。运费由我们承担。\n\n问题：退货要在几天内？", "您可以在三十天内退货 [1]。"},
		"nothing to quote":    {"[1] Returns: Within 30 days.\n\nQuestion: Who is your boss?", llmtest.NoAnswer},
		"nothing, in Chinese": {"[1] Returns: Within 30 days.\n\n问题：老板是谁", llmtest.NoAnswerZH},
		"no passages":         {"Hello there", llmtest.NoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, llmtest.Grounded([]llm.Message{{Role: llm.User, Content: test.prompt}}))
		})
	}
}

func TestGroundedFollowsTheInstructionForNoAnswer(t *testing.T) {
	t.Parallel()
	require.Equal(t, "NO_ANSWER", llmtest.Grounded([]llm.Message{
		{Role: llm.System, Content: "If the passages do not answer, reply with exactly NO_ANSWER and nothing else."},
		{Role: llm.User, Content: "[1] Returns: Within 30 days.\n\nQuestion: Who is your boss?"},
	}))
}

func call(t *testing.T, method, url, key, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var out map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out
}

func TestProtocolWithoutStream(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	s.Match(func(q llmtest.Request) (llmtest.Reply, bool) {
		return llmtest.Reply{Text: "matched"}, q.Messages[0].Content == "hi"
	})
	s.Reply(llmtest.Reply{Text: "first"})
	const hi = `{"model":"llmtest-chat","messages":[{"role":"user","content":"hi"}]}`
	for _, want := range []string{"first", "matched"} {
		status, out := call(t, http.MethodPost, s.URL()+"/chat/completions", llmtest.Key, hi)
		require.Equal(t, http.StatusOK, status)
		message := out["choices"].([]any)[0].(map[string]any)["message"]
		require.Equal(t, want, message.(map[string]any)["content"])
		require.Contains(t, out, "usage")
	}
	status, out := call(t, http.MethodGet, s.URL()+"/models", llmtest.Key, "")
	require.Equal(t, http.StatusOK, status)
	require.Len(t, out["data"], 2)
	status, out = call(t, http.MethodPost, s.URL()+"/embeddings", llmtest.Key, `{"model":"llmtest-embed","input":"one text"}`)
	require.Equal(t, http.StatusOK, status)
	require.Len(t, out["data"].([]any)[0].(map[string]any)["embedding"], llmtest.Dimensions)
}

func TestProtocolRefusals(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, test := range []struct {
		key, body string
		status    int
	}{
		{"wrong", `{"model":"llmtest-chat"}`, http.StatusUnauthorized},
		{llmtest.Key, `{"model":`, http.StatusBadRequest},
		{llmtest.Key, `{"model":"llmtest-chat"}`, http.StatusBadRequest},
		{llmtest.Key, `{"model":"other"}`, http.StatusNotFound},
	} {
		status, out := call(t, http.MethodPost, s.URL()+"/chat/completions", test.key, test.body)
		require.Equal(t, test.status, status)
		require.Contains(t, out, "error")
	}
	require.Len(t, s.Requests(), 4)
}

func TestCloseEndsStalledRequests(t *testing.T) {
	t.Parallel()
	s := llmtest.New()
	arrived := make(chan struct{})
	s.Match(func(llmtest.Request) (llmtest.Reply, bool) {
		close(arrived)
		return llmtest.Reply{Text: "half of it", Fault: llmtest.HalfOpen}, true
	})
	m, err := llm.NewOpenAI(s.Config())
	require.NoError(t, err)
	t.Cleanup(m.Close)
	failed := make(chan error)
	go func() {
		_, _, err := llm.Complete(t.Context(), m, llm.Request{Messages: []llm.Message{{Role: llm.User, Content: "hi"}}})
		failed <- err
	}()
	<-arrived
	s.Close()
	require.ErrorIs(t, <-failed, llm.ErrIncomplete)
}
