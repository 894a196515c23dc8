package llm

import (
	"net/http"
	"time"
)

// Config says how to reach a chat model. Only BaseURL and Model are required.
type Config struct {
	BaseURL string // such as https://api.openai.com/v1; "/v1" is added if the URL has no path
	APIKey  string // sent as a bearer token; empty for local endpoints without one
	Model   string

	IdleTimeout time.Duration // longest silence before the first text and between two texts; 0 = 10 s
	Timeout     time.Duration // longest time for a whole answer with its retries; 0 = 20 s

	HTTP  *http.Client // only its Transport is used; nil = a client of our own
	Retry Retry
}

// EmbedConfig says how to reach an embedding model. BaseURL, Model and Dimensions are required.
type EmbedConfig struct {
	BaseURL string // as in [Config]
	APIKey  string
	Model   string

	Dimensions     int  // length of the vectors that the model gives; an answer of another length is an error
	SendDimensions bool // also ask for that length, for models that can shorten their vectors
	BatchSize      int  // texts per request, at most 64; 0 = 64
	Concurrency    int  // requests at the same time of one Embed call; 0 = 4

	Timeout time.Duration // longest time for one request with its retries; 0 = 60 s

	HTTP  *http.Client // as in [Config]
	Retry Retry
}

// Retry says how patient to be with an endpoint that fails. The zero value is right for production.
type Retry struct {
	Max          int           // repetitions of one request, at most 2; 0 = 2, negative = none
	Delay        time.Duration // first wait between attempts, doubled each time; 0 = 250 ms
	MaxWait      time.Duration // longest Retry-After that is waited for; beyond it the call fails; 0 = 5 s
	BreakerAfter int           // failures in a row that open the breaker, at most 5; 0 = 5
	BreakerDelay time.Duration // how long the open breaker refuses calls; 0 = 15 s
}

// The limits that hold whatever the configuration says.
const (
	maxRetries      = 2
	maxBreakerAfter = 5
	maxBatch        = 64
)

func (r Retry) withDefaults() Retry {
	r.Max = max(0, atMost(r.Max, maxRetries))
	r.Delay = positive(r.Delay, 250*time.Millisecond)
	r.MaxWait = positive(r.MaxWait, 5*time.Second)
	r.BreakerAfter = max(1, atMost(r.BreakerAfter, maxBreakerAfter))
	r.BreakerDelay = positive(r.BreakerDelay, 15*time.Second)
	return r
}

// atMost is n where it is set and not above limit, else limit.
func atMost(n, limit int) int {
	if n == 0 || n > limit {
		return limit
	}
	return n
}

// positive is d where it is set, else the fallback.
func positive(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}
