package llm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

// Every fault ends in an error within the limits, says which kind it is, and never in a part of the answer that is
// reported as the whole.
func TestEveryFaultEndsInAnErrorInTime(t *testing.T) {
	t.Parallel()
	attempts := map[llmtest.Fault]int{ // requests that reach the server; 1 where not named
		llmtest.RateLimited: 3, llmtest.ServerError: 3, llmtest.Overloaded: 3,
		llmtest.Refused: 0, llmtest.TLSError: 0, llmtest.BrokenTool: 3,
	}
	silent := map[llmtest.Fault]bool{
		llmtest.HeaderStall: true, llmtest.FirstTokenStall: true, llmtest.Trickle: true, llmtest.HalfOpen: true,
	}
	for _, fault := range llmtest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := llmtest.Start(t)
			s.RetryAfter("0.002")
			s.Fail(fault)
			c := fast(s)
			c.BaseURL = s.URLOf(fault)
			if silent[fault] {
				c.IdleTimeout = 300 * time.Millisecond
			}
			began := time.Now()
			o := drain(t, newModel(t, c), ask())
			require.Less(t, time.Since(began), c.Timeout)

			if fault == llmtest.Length {
				require.NoError(t, o.err)
				require.Equal(t, "length", o.finish, "the receiver must be able to see that it is cut")
			} else {
				require.Error(t, o.err)
				require.Contains(t, []errs.Kind{errs.Unavailable, errs.RateLimited}, errs.KindOf(o.err))
				if o.text != "" {
					require.ErrorIs(t, o.err, llm.ErrIncomplete)
				}
				if fault == llmtest.HugeLine || fault == llmtest.Endless {
					require.ErrorContains(t, o.err, "longer than any answer", "memory is bounded")
					require.LessOrEqual(t, len(o.text), 256<<10)
				}
			}
			want, named := attempts[fault]
			if !named {
				want = 1
			}
			require.Len(t, s.Requests(), want)

			text, _, err := llm.Complete(t.Context(), newModel(t, c), ask())
			require.Error(t, err)
			require.Empty(t, text)
		})
	}
}

func TestResetConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.FailNext(llmtest.Refused, llmtest.Refused)
	o := drain(t, newModel(t, fast(s)), ask())
	require.NoError(t, o.err)
	require.Equal(t, answer, o.text)
}

func TestFaultsOfEmbeddings(t *testing.T) {
	t.Parallel()
	for _, fault := range llmtest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := llmtest.Start(t)
			s.RetryAfter("0.002")
			s.Fail(fault)
			c := s.EmbedConfig()
			c.BaseURL = s.URLOf(fault)
			c.Timeout, c.Retry.Delay = 400*time.Millisecond, time.Millisecond
			vectors, err := newEmbedder(t, c).Embed(t.Context(), []string{"one", "two"})
			require.Error(t, err)
			require.Nil(t, vectors)
			require.LessOrEqual(t, len(s.Requests()), 3)
		})
	}
}
