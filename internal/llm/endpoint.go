package llm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/sashabaranov/go-openai"

	"handrail/internal/errs"
)

// emptyLines is how many lines without data the client library accepts in a row. Endpoints that load a model send
// keep-alive comments for minutes, and the library's own limit of 300 lines ends such answers; silence is bounded by
// our idle timer and size by the body limit instead.
const emptyLines = 1 << 20

// endpoint is one address with one model: what chat and embeddings have in common.
type endpoint struct {
	client   *openai.Client
	http     *http.Client
	breaker  circuitbreaker.CircuitBreaker[any]
	retry    Retry
	url      string // without credentials, for messages
	key      string // to strike it out of messages
	model    string
	settings string // prefix of the variables to name in messages, such as HANDRAIL_LLM_
}

// site is the part of Config and EmbedConfig that leads to an endpoint.
type site struct {
	baseURL, key, model, settings string
	client                        *http.Client
	retry                         Retry
	maxBody                       int64
}

func newEndpoint(s site) (*endpoint, error) {
	base, err := baseURL(s.baseURL, s.settings)
	if err != nil {
		return nil, err
	}
	if s.model == "" {
		return nil, errs.New(errs.Invalid, "no model is named: set %sMODEL", s.settings)
	}
	retry := s.retry.withDefaults()
	client := newHTTPClient(s.client, s.maxBody)
	c := openai.DefaultConfig(s.key)
	c.BaseURL = base.String()
	c.HTTPClient = client
	c.EmptyMessagesLimit = emptyLines
	return &endpoint{
		client: openai.NewClientWithConfig(c), http: client, breaker: newBreaker(retry), retry: retry,
		url: base.Redacted(), key: s.key, model: s.model, settings: s.settings,
	}, nil
}

// baseURL checks the address and completes it: nearly every endpoint serves the protocol under /v1, so an address
// without a path gets that one. A path that is given is kept.
func baseURL(raw, settings string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errs.New(errs.Invalid,
			"%sBASE_URL is not an http or https address, such as http://localhost:11434/v1", settings)
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions")
	if u.Path == "" {
		u.Path = "/v1"
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

func newBreaker(r Retry) circuitbreaker.CircuitBreaker[any] {
	return circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(uint(r.BreakerAfter)).
		WithSuccessThreshold(1).
		WithDelay(r.BreakerDelay).
		Build()
}

// attempt calls fn, and again while its failure says that this may help, the endpoint's own wait is bearable and the
// breaker lets it. fn settles with the breaker itself, because an answer may yet fail long after it began.
func attempt[R any](ctx context.Context, e *endpoint, fn func(context.Context) (R, error)) (R, error) {
	policy := retrypolicy.NewBuilder[R]().
		HandleIf(func(_ R, err error) bool { f, ok := asFailure(err); return ok && f.again }).
		WithMaxRetries(e.retry.Max).
		WithDelayFunc(func(x failsafe.ExecutionAttempt[R]) time.Duration { return e.wait(x.LastError(), x.Attempts()) }).
		ReturnLastFailure().
		Build()
	result, err := failsafe.With(policy).WithContext(ctx).Get(func() (R, error) {
		if !e.breaker.TryAcquirePermit() {
			var none R
			return none, e.refusal()
		}
		return fn(ctx)
	})
	if err == nil {
		return result, nil
	}
	f, ok := asFailure(err)
	if !ok {
		f = e.explain(ctx, err)
	}
	return result, f.err
}

// wait is the pause before the next attempt: what the endpoint asked for, and never less than our own growing delay.
// The delay varies by half so that many waiting calls do not return together.
func (e *endpoint) wait(last error, attempts int) time.Duration {
	own := e.retry.Delay << max(0, attempts-1)
	own += time.Duration(rand.Int64N(int64(own)/2 + 1))
	if f, ok := asFailure(last); ok {
		return max(own, f.after)
	}
	return own
}

// settle tells the breaker how the call went. The caller's own change of mind says nothing about the endpoint, but a
// trial call must be settled all the same, or the breaker would wait for it for ever.
func (e *endpoint) settle(f *failure) {
	switch {
	case f == nil:
		e.breaker.RecordSuccess()
	case f.count || e.breaker.IsHalfOpen():
		e.breaker.RecordFailure()
	}
}

// refusal is the failure of a call that the open breaker did not let through.
func (e *endpoint) refusal() *failure {
	return &failure{err: errs.Wrap(circuitbreaker.ErrOpen, errs.Unavailable,
		"the model endpoint %s failed %d times in a row and is left alone for %s",
		e.url, e.retry.BreakerAfter, e.breaker.RemainingDelay().Round(time.Second))}
}

func asFailure(err error) (*failure, bool) {
	var f *failure
	ok := errors.As(err, &f)
	return f, ok
}
