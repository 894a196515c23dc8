package llm

import (
	"context"
	"errors"
	"iter"
)

// OpenAI is a [Model] behind an endpoint that speaks the OpenAI protocol.
type OpenAI struct{ c Config }

// NewOpenAI checks c and returns the model. It does not contact the endpoint.
func NewOpenAI(c Config) (*OpenAI, error) { return &OpenAI{c: c}, nil }

// Name implements [Model].
func (o *OpenAI) Name() string { return o.c.Model }

// Stream implements [Model].
func (o *OpenAI) Stream(ctx context.Context, r Request) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) { yield(Delta{}, errors.ErrUnsupported) }
}

// OpenAIEmbedder is an [Embedder] behind an endpoint that speaks the OpenAI protocol.
type OpenAIEmbedder struct{ c EmbedConfig }

// NewOpenAIEmbedder checks c and returns the embedder. It does not contact the endpoint.
func NewOpenAIEmbedder(c EmbedConfig) (*OpenAIEmbedder, error) { return &OpenAIEmbedder{c: c}, nil }

// Embed implements [Embedder].
func (e *OpenAIEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return nil, errors.ErrUnsupported
}

// Model implements [Embedder].
func (e *OpenAIEmbedder) Model() string { return e.c.Model }

// Dimensions implements [Embedder].
func (e *OpenAIEmbedder) Dimensions() int { return e.c.Dimensions }
