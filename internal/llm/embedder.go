package llm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sashabaranov/go-openai"
	"golang.org/x/sync/errgroup"

	"handrail/internal/errs"
)

// maxEmbedBody bounds one response with its vectors, in bytes: 64 vectors of 4096 numbers take about 6 MB.
const maxEmbedBody = 32 << 20

// OpenAIEmbedder is an [Embedder] behind an endpoint that speaks the OpenAI protocol.
type OpenAIEmbedder struct {
	endpoint *endpoint
	c        EmbedConfig
}

// NewOpenAIEmbedder checks c and returns the embedder; it does not contact the endpoint. A fault of c is an error of
// kind [errs.Invalid] that names the variable to correct.
func NewOpenAIEmbedder(c EmbedConfig) (*OpenAIEmbedder, error) {
	e, err := newEndpoint(site{
		baseURL: c.BaseURL, key: c.APIKey, model: c.Model, settings: "HANDRAIL_EMBED_",
		client: c.HTTP, retry: c.Retry, maxBody: maxEmbedBody,
	})
	if err != nil {
		return nil, err
	}
	if c.Dimensions <= 0 {
		return nil, errs.New(errs.Invalid,
			"the length of the vectors of model %q is not given: set HANDRAIL_EMBED_DIMENSIONS", c.Model)
	}
	c.BatchSize = max(1, atMost(c.BatchSize, maxBatch))
	if c.Concurrency <= 0 {
		c.Concurrency = 4
	}
	c.Timeout = positive(c.Timeout, time.Minute)
	return &OpenAIEmbedder{endpoint: e, c: c}, nil
}

// Model implements [Embedder].
func (e *OpenAIEmbedder) Model() string { return e.c.Model }

// Dimensions implements [Embedder].
func (e *OpenAIEmbedder) Dimensions() int { return e.c.Dimensions }

// Close drops idle connections. Calls under way are not disturbed.
func (e *OpenAIEmbedder) Close() { e.endpoint.http.CloseIdleConnections() }

// Embed implements [Embedder]. The first batch that fails ends the others.
func (e *OpenAIEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(e.c.Concurrency)
	start := 0
	for batch := range slices.Chunk(texts, e.c.BatchSize) {
		into := vectors[start : start+len(batch)]
		start += len(batch)
		group.Go(func() error { return e.batch(ctx, batch, into) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return vectors, nil
}

// batch fills into with the vectors of texts.
func (e *OpenAIEmbedder) batch(ctx context.Context, texts []string, into [][]float32) error {
	ctx, cancel := context.WithTimeoutCause(ctx, e.c.Timeout, errTotal)
	defer cancel()
	request := openai.EmbeddingRequestStrings{Input: texts, Model: openai.EmbeddingModel(e.c.Model)}
	if e.c.SendDimensions {
		request.Dimensions = e.c.Dimensions
	}
	response, err := attempt(ctx, e.endpoint, func(ctx context.Context) (openai.EmbeddingResponse, error) {
		ctx = withNote(ctx)
		response, err := e.endpoint.client.CreateEmbeddings(ctx, request)
		if err != nil {
			f := e.endpoint.explain(ctx, err)
			e.endpoint.settle(f)
			return response, f
		}
		e.endpoint.settle(nil)
		return response, nil
	})
	if err != nil {
		return err
	}
	return e.place(response.Data, into)
}

// place puts every vector where its index says, and accepts nothing but one vector of the right length per text.
func (e *OpenAIEmbedder) place(data []openai.Embedding, into [][]float32) error {
	for _, d := range data {
		if d.Index < 0 || d.Index >= len(into) || into[d.Index] != nil {
			return errs.Wrap(fmt.Errorf("vector %d of %d", d.Index, len(into)), errs.Unavailable,
				"the embedding endpoint %s numbers its vectors wrongly", e.endpoint.url)
		}
		if len(d.Embedding) != e.c.Dimensions {
			return errs.New(errs.Invalid,
				"model %q gives vectors of %d numbers, not %d: correct HANDRAIL_EMBED_DIMENSIONS and index again",
				e.c.Model, len(d.Embedding), e.c.Dimensions)
		}
		into[d.Index] = d.Embedding
	}
	if len(data) != len(into) {
		return errs.New(errs.Unavailable,
			"the embedding endpoint %s gave %d vectors for %d texts", e.endpoint.url, len(data), len(into))
	}
	return nil
}
