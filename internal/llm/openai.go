package llm

import (
	"context"
	"iter"
	"time"
)

// maxChatBody bounds one streamed answer with its framing, in bytes; maxText bounds its text.
const (
	maxChatBody = 8 << 20
	maxText     = 256 << 10
)

// OpenAI is a [Model] behind an endpoint that speaks the OpenAI protocol.
type OpenAI struct {
	endpoint *endpoint
	idle     time.Duration
	timeout  time.Duration
}

// NewOpenAI checks c and returns the model; it does not contact the endpoint. A fault of c is an error of kind
// [errs.Invalid] that names the variable to correct.
func NewOpenAI(c Config) (*OpenAI, error) {
	e, err := newEndpoint(site{
		baseURL: c.BaseURL, key: c.APIKey, model: c.Model, settings: "HANDRAIL_LLM_",
		client: c.HTTP, retry: c.Retry, maxBody: maxChatBody,
	})
	if err != nil {
		return nil, err
	}
	return &OpenAI{
		endpoint: e,
		idle:     positive(c.IdleTimeout, 10*time.Second),
		timeout:  positive(c.Timeout, 20*time.Second),
	}, nil
}

// Name implements [Model].
func (o *OpenAI) Name() string { return o.endpoint.model }

// Close drops idle connections. Calls under way are not disturbed.
func (o *OpenAI) Close() { o.endpoint.http.CloseIdleConnections() }

// Stream implements [Model]. Its errors are of type [errs.Error], with a text for the operator.
func (o *OpenAI) Stream(ctx context.Context, r Request) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, errTotal)
		defer cancel()
		request := chatRequest(o.endpoint.model, r)
		a, err := attempt(ctx, o.endpoint, func(ctx context.Context) (*answer, error) {
			return startAnswer(ctx, o.endpoint, request, o.idle)
		})
		if err != nil {
			yield(Delta{}, err)
			return
		}
		defer a.close()
		a.deliver(yield)
	}
}
