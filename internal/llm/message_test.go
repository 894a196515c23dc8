package llm_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestMessagesNameWhatToCorrect(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	const secret = "sk-very-secret-0123456789"
	for name, test := range map[string]struct {
		spoil func(*llm.Config)
		want  string
	}{
		"wrong key": {func(c *llm.Config) { c.APIKey = secret },
			"the model endpoint refused the key (401): check HANDRAIL_LLM_API_KEY"},
		"unreachable": {func(c *llm.Config) { c.BaseURL = s.URLOf(llmtest.Refused) },
			"cannot reach the model endpoint " + s.URLOf(llmtest.Refused) + ": check HANDRAIL_LLM_BASE_URL"},
		"certificate": {func(c *llm.Config) { c.BaseURL = s.URLOf(llmtest.TLSError) },
			"cannot reach the model endpoint " + s.URLOf(llmtest.TLSError) + ": check HANDRAIL_LLM_BASE_URL"},
		"https instead of http": {func(c *llm.Config) { c.BaseURL = strings.Replace(s.URL(), "http:", "https:", 1) },
			"check HANDRAIL_LLM_BASE_URL"},
		"unknown model": {func(c *llm.Config) { c.Model = "gpt-0" },
			`does not know model "gpt-0" (404): check HANDRAIL_LLM_MODEL`},
		"wrong path": {func(c *llm.Config) { c.BaseURL += "/wrong" },
			"nothing answers at " + s.URL() + "/wrong (404): check HANDRAIL_LLM_BASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fast(s)
			test.spoil(&c)
			err := drain(t, newModel(t, c), ask()).err
			require.Contains(t, errs.Public(err), test.want)
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), llmtest.Key)
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]llm.Config{
		"HANDRAIL_LLM_BASE_URL": {BaseURL: "localhost:11434", Model: "m"},
		"HANDRAIL_LLM_MODEL":    {BaseURL: "http://localhost:11434"},
	} {
		_, err := llm.NewOpenAI(c)
		require.True(t, errs.Is(err, errs.Invalid))
		require.Contains(t, errs.Public(err), name)
	}
	_, err := llm.NewOpenAIEmbedder(llm.EmbedConfig{BaseURL: "http://localhost/v1", Model: "m"})
	require.Contains(t, errs.Public(err), "HANDRAIL_EMBED_DIMENSIONS")
	_, err = llm.NewOpenAIEmbedder(llm.EmbedConfig{BaseURL: "ftp://x", Model: "m", Dimensions: 3})
	require.Contains(t, errs.Public(err), "HANDRAIL_EMBED_BASE_URL")
}

func TestBaseURLIsCompleted(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	bare := strings.TrimSuffix(s.URL(), "/v1")
	for _, address := range []string{bare, bare + "/", bare + "/v1", bare + "/v1/", bare + "/v1/chat/completions", " " + bare} {
		c := fast(s)
		c.BaseURL = address
		require.NoError(t, drain(t, newModel(t, c), ask()).err, address)
	}
}

// odd is an endpoint with answers that no real one should give.
func odd(t *testing.T, handler http.HandlerFunc) llm.Config {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return llm.Config{BaseURL: srv.URL, APIKey: "k-123456", Model: "m", Timeout: 5 * time.Second, Retry: llm.Retry{Max: -1}}
}

// An error object that holds a plain string makes the client library return an error that claims to be of another
// kind, without a status.
func TestPlainErrorStringKeepsItsStatus(t *testing.T) {
	t.Parallel()
	c := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":"model 'm' not found, try pulling it first"}`))
	})
	require.Contains(t, errs.Public(drain(t, newModel(t, c), ask()).err), "(404): check HANDRAIL_LLM_MODEL")
}

func TestWebPagesAndRedirectsAreNoEndpoint(t *testing.T) {
	t.Parallel()
	page := odd(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Welcome</html>")) })
	away := odd(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
	})
	for _, c := range []llm.Config{page, away} {
		err := drain(t, newModel(t, c), ask()).err
		require.Contains(t, errs.Public(err), "check HANDRAIL_LLM_BASE_URL")
	}
}

func TestTooLongRequestAndUsedUpQuota(t *testing.T) {
	t.Parallel()
	refuse := func(status int, code string) llm.Config {
		return odd(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":{"message":"no, k-123456","type":"x","code":"` + code + `"}}`))
		})
	}
	err := drain(t, newModel(t, refuse(400, "context_length_exceeded")), ask()).err
	require.True(t, errs.Is(err, errs.TooLarge))
	require.NotContains(t, err.Error(), "k-123456", "an endpoint that repeats the key")
	err = drain(t, newModel(t, refuse(429, "insufficient_quota")), ask()).err
	require.Contains(t, errs.Public(err), "no quota left")
}

func TestPasswordInTheAddressStaysHidden(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	c := fast(s)
	c.BaseURL = strings.Replace(s.URLOf(llmtest.Refused), "http://", "http://user:hunter2@", 1)
	require.NotContains(t, drain(t, newModel(t, c), ask()).err.Error(), "hunter2")
}
