// Package llm talks to language models over the OpenAI protocol: chat, embeddings and token counts. It owns no tables.
//
// Any endpoint that speaks the protocol will do (OpenAI, Azure's /openai/v1, vLLM, Ollama, llama.cpp): callers see
// [Model] and [Embedder] and never the client library. It guarantees that
//
//   - an answer is complete only if the endpoint said so: a stream cut in the middle yields [ErrIncomplete], never a
//     short answer that looks whole;
//   - every call ends within [Config.Timeout], and earlier if the endpoint is silent for [Config.IdleTimeout];
//   - a request is repeated at most twice, only before its first text has been handed on, and not before the moment the
//     endpoint asked for in Retry-After;
//   - after five failures in a row the endpoint is left alone for a while, and calls fail at once;
//   - no error contains the API key, and the package logs nothing.
//
// The breaker of one endpoint, shared by all its calls:
//
//	          5 failures in a row
//	closed ─────────────────────────▶ open: calls fail at once
//	  ▲ ▲                              │ after Retry.BreakerDelay
//	  │ └──── the trial succeeds ──── half-open: one trial call
//	  │                                │ the trial fails
//	  └ any success resets the count   └──▶ open
package llm

import (
	"context"
	"iter"
)

// Role names the author of a [Message].
type Role string

// The roles of the OpenAI protocol that Handrail uses.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one entry of the dialogue sent to a model.
type Message struct {
	Role    Role
	Content string
}

// Request asks a model for one answer.
type Request struct {
	Messages    []Message
	MaxTokens   int     // longest answer in tokens; 0 leaves it to the endpoint
	Temperature float64 // 0 (repeatable) to 2; models that accept no temperature are sent none
	JSONSchema  []byte  // if set, the answer must be JSON that satisfies this JSON Schema, which must be an object
}

// Usage is what an answer cost, in tokens, as counted by the endpoint.
type Usage struct{ Prompt, Completion int }

// Delta is the next part of an answer.
type Delta struct {
	Text   string // valid UTF-8 without NUL; may be empty on the last delta
	Usage  *Usage // on the last delta only, nil if the endpoint sent none
	Finish string // on the last delta only: [FinishStop], "length", "content_filter", ...
}

// FinishStop is the finish reason of an answer that the model ended of its own accord.
const FinishStop = "stop"

// Model writes answers. Implementations are safe for concurrent use.
type Model interface {
	// Stream yields the answer part by part. The sequence ends after the delta with the finish reason or after the
	// first error; it ends with [ErrIncomplete] if the answer broke off. Breaking out of the loop ends the call.
	Stream(ctx context.Context, r Request) iter.Seq2[Delta, error]
	// Name is the name of the model, as the endpoint knows it.
	Name() string
}

// Embedder turns texts into vectors. Implementations are safe for concurrent use.
type Embedder interface {
	// Embed returns one vector of Dimensions numbers per text, in the order of the texts, or no vectors and an error.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model is the name of the embedding model; vectors of different models must never be compared.
	Model() string
	// Dimensions is the length of every vector.
	Dimensions() int
}
