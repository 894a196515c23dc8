package llm_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func newEmbedder(t *testing.T, c llm.EmbedConfig) *llm.OpenAIEmbedder {
	t.Helper()
	e, err := llm.NewOpenAIEmbedder(c)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

func TestEmbedKeepsTheOrderOverBatches(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	e := newEmbedder(t, s.EmbedConfig())
	texts := make([]string, 150)
	for i := range texts {
		texts[i] = fmt.Sprintf("text number %d", i)
	}
	vectors, err := e.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	for i, v := range vectors {
		require.Equal(t, llmtest.Vector(texts[i], llmtest.Dimensions), v)
	}
	total := 0
	for _, q := range s.Requests() {
		require.LessOrEqual(t, len(q.Input), 64)
		total += len(q.Input)
	}
	require.Len(t, s.Requests(), 3)
	require.Equal(t, 150, total)
}

func TestEmbedNothing(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	vectors, err := newEmbedder(t, s.EmbedConfig()).Embed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, vectors)
	require.Empty(t, s.Requests())
}

func TestSimilarTextsAreNear(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	v, err := newEmbedder(t, s.EmbedConfig()).Embed(t.Context(), []string{
		"How do I return a parcel?", "Returning parcels", "Which cards do you accept?", "怎么退货", "退货流程", "支付方式"})
	require.NoError(t, err)
	require.Greater(t, dot(v[0], v[1]), dot(v[0], v[2]))
	require.Greater(t, dot(v[3], v[4]), dot(v[3], v[5]))
	require.InDelta(t, 1, dot(v[0], v[0]), 1e-5)
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return math.Abs(sum)
}

func TestWrongDimensionsAreRefused(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	c := s.EmbedConfig()
	c.Dimensions = 384
	_, err := newEmbedder(t, c).Embed(t.Context(), []string{"a"})
	require.True(t, errs.Is(err, errs.Invalid))
	require.Contains(t, errs.Public(err), "vectors of 256 numbers, not 384: correct HANDRAIL_EMBED_DIMENSIONS")

	c.SendDimensions = true
	v, err := newEmbedder(t, c).Embed(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Len(t, v[0], 384)
}

func TestEmbedStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.HeaderStall)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := s.EmbedConfig()
	c.BatchSize = 1
	cancelled := make(chan error)
	e := newEmbedder(t, c)
	go func() {
		_, err := e.Embed(ctx, []string{"a", "b", "c"})
		cancelled <- err
	}()
	cancel()
	require.ErrorIs(t, <-cancelled, context.Canceled)
}

func TestEmbedRetries(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.RetryAfter("0.01")
	s.FailNext(llmtest.RateLimited, llmtest.ServerError)
	c := s.EmbedConfig()
	c.Retry.Delay = 1
	_, err := newEmbedder(t, c).Embed(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Len(t, s.Requests(), 3)
}

func TestEmbedMessagesNameTheirOwnVariables(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	c := s.EmbedConfig()
	c.APIKey = "wrong"
	_, err := newEmbedder(t, c).Embed(t.Context(), []string{"a"})
	require.Contains(t, errs.Public(err), "HANDRAIL_EMBED_API_KEY")
}
