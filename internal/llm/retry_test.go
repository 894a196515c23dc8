package llm_test

import (
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.RetryAfter("0.2")
	s.FailNext(llmtest.RateLimited, llmtest.Overloaded)
	o := drain(t, newModel(t, fast(s)), ask())
	require.NoError(t, o.err)
	require.Equal(t, answer, o.text)
	got := s.Requests()
	require.Len(t, got, 3)
	for i := range 2 {
		require.GreaterOrEqual(t, got[i+1].At.Sub(got[i].At), 200*time.Millisecond)
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.RetryAfter(time.Now().Add(time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	s.Fail(llmtest.RateLimited)
	o := drain(t, newModel(t, fast(s)), ask())
	require.True(t, errs.Is(o.err, errs.RateLimited))
	require.Len(t, s.Requests(), 1, "a wait beyond MaxWait is not begun")
}

func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.RetryAfter("4")
	s.Fail(llmtest.RateLimited)
	c := fast(s)
	c.Timeout = 2 * time.Second
	require.True(t, errs.Is(drain(t, newModel(t, c), ask()).err, errs.RateLimited))
	require.Len(t, s.Requests(), 1)
}

func TestNoRetryAfterTheFirstText(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.FailNext(llmtest.NoFinish)
	o := drain(t, newModel(t, fast(s)), ask())
	require.ErrorIs(t, o.err, llm.ErrIncomplete)
	require.NotEmpty(t, o.text)
	require.Len(t, s.Requests(), 1)
}

func TestMaxRetriesIsBounded(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int]int{-1: 1, 0: 3, 1: 2, 2: 3, 9: 3} {
		s := llmtest.Start(t)
		s.Fail(llmtest.ServerError)
		c := fast(s)
		c.Retry.Max = asked
		require.Error(t, drain(t, newModel(t, c), ask()).err)
		require.Len(t, s.Requests(), want, "Max %d", asked)
	}
}

func TestBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.ServerError)
	c := fast(s)
	c.Retry.BreakerDelay = 1500 * time.Millisecond
	m := newModel(t, c)
	for range 10 {
		require.Error(t, drain(t, m, ask()).err)
	}
	err := drain(t, m, ask()).err
	require.ErrorIs(t, err, circuitbreaker.ErrOpen)
	require.True(t, errs.Is(err, errs.Unavailable))
	require.Len(t, s.Requests(), 5, "the breaker opens after five failures and keeps further calls away")

	s.Fail(llmtest.None)
	require.Eventually(t, func() bool { return drain(t, m, ask()).err == nil }, 5*time.Second, 10*time.Millisecond,
		"a trial call closes the breaker again")
	require.NoError(t, drain(t, m, ask()).err)
	require.Len(t, s.Requests(), 7)
}

func TestATrialThatFailsOpensTheBreakerAgain(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.ServerError)
	c := fast(s)
	c.Retry.BreakerDelay, c.Retry.BreakerAfter = 50*time.Millisecond, 1
	m := newModel(t, c)
	require.Error(t, drain(t, m, ask()).err)
	require.Eventually(t, func() bool {
		require.Error(t, drain(t, m, ask()).err)
		return len(s.Requests()) == 3
	}, 5*time.Second, 5*time.Millisecond)
}

// Answers that break off in the middle speak against the endpoint as well, although they began well.
func TestBrokenStreamsOpenTheBreaker(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.Fail(llmtest.NoFinish)
	m := newModel(t, fast(s))
	for range 8 {
		require.Error(t, drain(t, m, ask()).err)
	}
	require.Len(t, s.Requests(), 5)
}

func TestMistakesOfTheCallerDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	m := newModel(t, fast(s))
	for range 8 {
		require.Error(t, drain(t, m, llm.Request{}).err)
	}
	require.Len(t, s.Requests(), 8)
	require.NoError(t, drain(t, m, ask()).err)
}

func TestABreakAfterTextClosesATrial(t *testing.T) {
	t.Parallel()
	s := llmtest.Start(t)
	s.FailNext(llmtest.ServerError)
	c := fast(s)
	c.Retry.BreakerDelay, c.Retry.BreakerAfter, c.Retry.Max = time.Millisecond, 1, -1
	m := newModel(t, c)
	require.Error(t, drain(t, m, ask()).err)
	require.Eventually(t, func() bool {
		for _, err := range m.Stream(t.Context(), ask()) {
			return err == nil
		}
		return false
	}, 5*time.Second, 5*time.Millisecond)
	require.NoError(t, drain(t, m, ask()).err)
}
