package llm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestFallback(t *testing.T) {
	t.Parallel()
	first, second := llmtest.Start(t), llmtest.Start(t)
	m := llm.Fallback(newModel(t, fast(first)), newModel(t, fast(second)))

	require.NoError(t, drain(t, m, ask()).err)
	require.Empty(t, second.Requests(), "the second is for need only")

	first.Fail(llmtest.ServerError)
	o := drain(t, m, ask())
	require.NoError(t, o.err)
	require.Equal(t, answer, o.text)
	require.Len(t, second.Requests(), 1)

	first.Fail(llmtest.None)
	first.FailNext(llmtest.NoFinish)
	require.ErrorIs(t, drain(t, m, ask()).err, llm.ErrIncomplete)
	require.Len(t, second.Requests(), 1, "after the first text nobody else is asked")

	first.Fail(llmtest.ServerError)
	second.Fail(llmtest.RateLimited)
	second.RetryAfter("60")
	require.ErrorContains(t, drain(t, m, ask()).err, "429", "the last failure is reported")
}
